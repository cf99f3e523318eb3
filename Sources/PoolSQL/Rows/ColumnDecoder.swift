/// Decodes the value of one column as a `Decodable` type.
@usableFromInline
struct ColumnDecoder: Decoder {
    @usableFromInline let row: SQLRow
    @usableFromInline let index: Int

    @usableFromInline var codingPath: [any CodingKey] { [] }
    @usableFromInline var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Decodes a type that is ``SQLDecodable`` as such. Any other type decodes itself, as an enum with raw values does.
    @usableFromInline
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let known = type as? any SQLDecodable.Type, let value = try decodeKnown(known) as? Value { return value }
        if MemoryLayout<Value>.size == MemoryLayout<Double>.size, FoundationType.isDate(type) {
            throw unsupported(type, FoundationType.date.advice)
        }
        do {
            return try Value(from: self)
        } catch let error as SQLDecodingError where !error.namesTypeAskedFor {
            throw error.naming(type)
        } catch let error as DecodingError {
            throw SQLDecodingError(
                error, converting: row.rawValue(at: index), to: type, column: index, in: row)
        }
    }

    private func decodeKnown<Value: SQLDecodable>(_ type: Value.Type) throws -> Value {
        try row.value(at: index)
    }

    @usableFromInline
    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw unsupported(nil, "a column holds a single value; decode SQLJSON and hand its text to a JSON decoder")
    }

    @usableFromInline
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw unsupported(nil, "only arrays whose elements are SQLDecodable can be decoded from a column")
    }

    @usableFromInline
    func singleValueContainer() -> any SingleValueDecodingContainer {
        ColumnContainer(decoder: self)
    }

    private func unsupported(_ type: Any.Type?, _ reason: String) -> SQLDecodingError {
        var error = SQLDecodingError(code: .unsupportedType, reason: reason)
        error.columnName = row.columns.names[index]
        error.columnIndex = index
        error.row = row.number
        error.expectedType = type.map { String(describing: $0) }
        error.actualType = row.rawValue(at: index).typeName
        return error
    }
}

private struct ColumnContainer: SingleValueDecodingContainer {
    let decoder: ColumnDecoder

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { decoder.row.rawValue(at: decoder.index).isNull }

    func decode<Value: Decodable & SQLDecodable>(_ type: Value.Type) throws -> Value {
        try decoder.row.value(at: decoder.index)
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decode(type) }
}
