internal import PoolCore

extension SQLValue {
    /// Text that SQLite stored. Bytes that are not UTF-8 come as bytes, so that nothing is lost or made up.
    static func fromText(_ start: UnsafePointer<UInt8>?, count: Int32) -> SQLValue {
        let bytes = unsafe UnsafeBufferPointer(start: start, count: Int(count))
        // Most text is ASCII, which needs no other check.
        var high: UInt8 = 0
        for index in 0..<bytes.count { high |= unsafe bytes[index] }
        if high < 0x80 { return unsafe .text(String(decoding: bytes, as: UTF8.self)) }
        if let text = unsafe String(validating: bytes, as: UTF8.self) { return .text(text) }
        return unsafe .bytes(Array(bytes))
    }

    static func fromBlob(_ start: UnsafeRawPointer?, count: Int32) -> SQLValue {
        unsafe .bytes(Array(UnsafeRawBufferPointer(start: start, count: Int(count))))
    }

    /// The text that SQLite stores for kinds of value that it has no type for, or nil for the others.
    var textForSQLite: String? {
        switch self {
        case .decimal(let value): value.description
        case .date(let value): value.description
        case .time(let value): value.description
        case .timestamp(let value): value.description
        case .zonedTimestamp(let value): value.description
        case .uuid(let value): value.description
        case .json(let value), .text(let value): value
        case .null, .bool, .int, .double, .bytes, .array: nil
        }
    }
}
