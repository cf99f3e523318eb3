internal import PoolSQL

extension BindBuffer {
    /// Encodes the values of one run, after those of earlier runs. Without types, all values go as text.
    ///
    /// - Returns: The indices of the run's values.
    mutating func encode(_ values: [SQLValue], as types: [UInt32]?) throws -> Range<Int> {
        let first = count
        reserve(values.count)
        for index in values.indices {
            let type = types.flatMap { index < $0.count ? $0[index] : nil }
            try append(values[index], as: type ?? TypeID.unspecified)
        }
        return first..<count
    }

    /// Encodes a value for a parameter whose type the server has determined: in binary if the two match, and else as
    /// text, which the server reads as that type or refuses.
    ///
    /// - Throws: ``PostgresError`` for text with a zero byte, which the server has no way to store.
    mutating func append(_ value: SQLValue, as type: UInt32) throws {
        switch value {
        case .null: return appendNull()
        case .int(let value):
            if appendInteger(value, as: type) { return }
        case .bool(let value) where type == TypeID.bool:
            return appendBinary { $0.append(value ? 1 : 0) }
        case .double(let value) where type == TypeID.float8:
            return appendBinary { $0.append(bigEndian: value.bitPattern) }
        case .bytes(let value) where type == TypeID.bytes:
            return appendBinary { $0 += value }
        case .uuid(let value) where type == TypeID.uuid:
            return appendBinary { $0 += value.bytes }
        case .date(let value) where type == TypeID.date:
            if let days = Moment.days(value) { return appendBinary { $0.append(bigEndian: days) } }
        case .time(let value) where type == TypeID.time:
            return appendBinary { $0.append(bigEndian: value.microsecondsSinceMidnight) }
        case .timestamp(let value) where type == TypeID.timestamp:
            if let moment = Moment.microseconds(value) { return appendBinary { $0.append(bigEndian: moment) } }
        case .zonedTimestamp(let value) where type == TypeID.zonedTimestamp:
            if let moment = Moment.microseconds(value) { return appendBinary { $0.append(bigEndian: moment) } }
        case .text(let text):
            return try appendChecked(text)
        case .invalid(let error): throw error
        case .array(let values) where type == TypeID.boxes:
            return try appendChecked(ValueText.array(values, delimiter: ";"))
        default: break
        }
        try appendChecked(ValueText.of(value) ?? "")
    }

    /// Appends an integer. False if the type is no integer, or too small for the value: the server then reports that.
    private mutating func appendInteger(_ value: Int64, as type: UInt32) -> Bool {
        switch type {
        case TypeID.int8: appendBinary { $0.append(bigEndian: value) }
        case TypeID.int4:
            guard let small = Int32(exactly: value) else { return false }
            appendBinary { $0.append(bigEndian: small) }
        case TypeID.int2:
            guard let small = Int16(exactly: value) else { return false }
            appendBinary { $0.append(bigEndian: small) }
        case TypeID.float8:
            guard let double = Double(exactly: value) else { return false }
            appendBinary { $0.append(bigEndian: double.bitPattern) }
        default: return false
        }
        return true
    }

    private mutating func appendChecked(_ text: String) throws {
        if text.utf8.contains(0) {
            var error = PostgresError(
                code: PostgresError.Code(rawValue: "22021"), message: "Postgres cannot store a zero byte in a text")
            error.remedy = "Bind the value as bytes, and store it as bytea"
            throw error
        }
        append(text: text)
    }
}

extension Array where Element == UInt8 {
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { bytes in unsafe append(contentsOf: bytes) }
    }
}

extension SQLValue {
    /// The type for a parameter that the server would otherwise take for text. Nil for values for which text is
    /// right.
    var ownType: UInt32? {
        switch self {
        case .null, .text, .json, .invalid: nil
        case .bool: TypeID.bool
        case .int: TypeID.int8
        case .double: TypeID.float8
        case .decimal: TypeID.numeric
        case .bytes: TypeID.bytes
        case .date: TypeID.date
        case .time: TypeID.time
        case .timestamp: TypeID.timestamp
        case .zonedTimestamp: TypeID.zonedTimestamp
        case .uuid: TypeID.uuid
        case .array(let values): values.lazy.compactMap(\.elementType).first.flatMap { TypeID.arrays[$0] }
        }
    }

    /// The element type of an array of this value.
    private var elementType: UInt32? {
        if case .array(let values) = self { return values.lazy.compactMap(\.elementType).first }
        if case .text = self { return TypeID.text }
        if case .json = self { return TypeID.jsonb }
        return ownType
    }
}
