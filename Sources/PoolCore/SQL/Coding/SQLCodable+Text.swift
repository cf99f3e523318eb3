extension String: SQLCodable {
    public var sqlValue: SQLValue { .text(self) }

    @inlinable
    public init(sqlValue: SQLValue) throws {
        if case .text(let text) = sqlValue { self = text } else { self = try Self.converted(sqlValue) }
    }

    @inlinable
    public init(cell: borrowing SQLCell) throws {
        if let text = cell.text { self = text } else { self = try Self.converted(cell.sqlValue) }
    }

    @usableFromInline
    static func converted(_ sqlValue: SQLValue) throws -> String {
        guard case .json(let text) = sqlValue else {
            throw SQLConversionError(
                expected: String.self, actual: sqlValue,
                reason: sqlValue.isNull ? nil : "decode the type that it is, or cast it to a text in the statement")
        }
        return text
    }
}

extension Substring: SQLEncodable {
    public var sqlValue: SQLValue { .text(String(self)) }
}

extension SQLJSON: SQLCodable {
    public var sqlValue: SQLValue { .json(text) }

    public init(sqlValue: SQLValue) throws {
        switch sqlValue {
        case .text(let text), .json(let text): self.init(text: text)
        default: throw SQLConversionError(expected: SQLJSON.self, actual: sqlValue)
        }
    }
}

extension SQLDate: SQLCodable {
    public var sqlValue: SQLValue { .date(self) }

    public init(sqlValue: SQLValue) throws {
        if case .date(let value) = sqlValue { self = value } else { self = try sqlValue.decodeText() }
    }
}

extension SQLTime: SQLCodable {
    public var sqlValue: SQLValue { .time(self) }

    public init(sqlValue: SQLValue) throws {
        if case .time(let value) = sqlValue { self = value } else { self = try sqlValue.decodeText() }
    }
}

extension SQLTimestamp: SQLCodable {
    public var sqlValue: SQLValue { .timestamp(self) }

    public init(sqlValue: SQLValue) throws {
        if case .timestamp(let value) = sqlValue { self = value } else { self = try sqlValue.decodeText() }
    }
}

extension SQLZonedTimestamp: SQLCodable {
    public var sqlValue: SQLValue { .zonedTimestamp(self) }

    public init(sqlValue: SQLValue) throws {
        switch sqlValue {
        case .zonedTimestamp(let value): self = value
        case .text(let text):
            // SQLite's own timestamps are such texts: https://www.sqlite.org/lang_datefunc.html
            let inUTC = SQLTimestamp(text).flatMap { SQLZonedTimestamp($0) }
            self = try inUTC ?? sqlValue.decodeText()
        default: self = try sqlValue.decodeText()
        }
    }
}

extension SQLUUID: SQLCodable {
    public var sqlValue: SQLValue { .uuid(self) }

    public init(sqlValue: SQLValue) throws {
        switch sqlValue {
        case .uuid(let value): self = value
        case .bytes(let bytes):
            guard let value = SQLUUID(bytes: bytes) else {
                throw SQLConversionError(
                    expected: SQLUUID.self, actual: sqlValue, reason: "\(bytes.count) bytes instead of 16")
            }
            self = value
        default: self = try sqlValue.decodeText()
        }
    }
}

extension SQLValue {
    /// For databases that store such values as text.
    func decodeText<Value: LosslessStringConvertible>() throws -> Value {
        guard case .text(let text) = self else { throw SQLConversionError(expected: Value.self, actual: self) }
        guard let value = Value(text) else {
            throw SQLConversionError(
                expected: Value.self, actual: self, reason: "the text is not in the form of this type")
        }
        return value
    }
}
