extension Decoder {
    /// Decodes a value whose encoded form is its text.
    func decodeText<Value: LosslessStringConvertible>(as type: Value.Type) throws -> Value {
        let container = try singleValueContainer()
        guard let value = Value(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "The text is not the form that \(Value.self) has.")
        }
        return value
    }
}

extension Encoder {
    func encodeText(of value: some LosslessStringConvertible) throws {
        var container = singleValueContainer()
        try container.encode(value.description)
    }
}
