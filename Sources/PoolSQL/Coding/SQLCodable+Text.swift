extension String: SQLCodable {
    /// A ``SQLValue/text(_:)``.
    public var sqlValue: SQLValue { .text(self) }

    /// Decodes `text` and `json`. Throws ``SQLConversionError`` for other values.
    @inlinable
    public init(sqlValue: SQLValue) throws {
        if case .text(let text) = sqlValue { self = text } else { self = try Self.converted(sqlValue) }
    }

    /// Decodes `text` and `json`. Throws ``SQLConversionError`` for other values.
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
    /// A ``SQLValue/text(_:)``.
    public var sqlValue: SQLValue { .text(String(self)) }
}

extension SQLJSON: SQLCodable {
    /// A ``SQLValue/json(_:)``.
    public var sqlValue: SQLValue { .json(text) }

    /// Decodes `json` and `text`. Throws ``SQLConversionError`` for other values.
    public init(sqlValue: SQLValue) throws {
        switch sqlValue {
        case .text(let text), .json(let text): self.init(text: text)
        default: throw SQLConversionError(expected: SQLJSON.self, actual: sqlValue)
        }
    }
}

extension SQLDate: SQLCodable {
    /// A ``SQLValue/date(_:)``.
    public var sqlValue: SQLValue { .date(self) }

    /// Decodes `date`, and `text` in the form of a date. Throws ``SQLConversionError`` for other values.
    public init(sqlValue: SQLValue) throws {
        if case .date(let value) = sqlValue { self = value } else { self = try sqlValue.decodeText() }
    }
}

extension SQLTime: SQLCodable {
    /// A ``SQLValue/time(_:)``.
    public var sqlValue: SQLValue { .time(self) }

    /// Decodes `time`, and `text` in the form of a time. Throws ``SQLConversionError`` for other values.
    public init(sqlValue: SQLValue) throws {
        if case .time(let value) = sqlValue { self = value } else { self = try sqlValue.decodeText() }
    }
}

extension SQLTimestamp: SQLCodable {
    /// A ``SQLValue/timestamp(_:)``.
    public var sqlValue: SQLValue { .timestamp(self) }

    /// Decodes `timestamp`, and `text` in the form of a timestamp. Throws ``SQLConversionError`` for other values.
    public init(sqlValue: SQLValue) throws {
        if case .timestamp(let value) = sqlValue { self = value } else { self = try sqlValue.decodeText() }
    }
}

extension SQLZonedTimestamp: SQLCodable {
    /// A ``SQLValue/zonedTimestamp(_:)``.
    public var sqlValue: SQLValue { .zonedTimestamp(self) }

    /// Decodes `zonedTimestamp`, and `text` in the form of a timestamp: without an offset it is in UTC. Throws
    /// ``SQLConversionError`` for other values.
    public init(sqlValue: SQLValue) throws {
        switch sqlValue {
        case .zonedTimestamp(let value): self = value
        case .text(let text):
            // SQLite's own timestamps are texts without an offset: https://www.sqlite.org/lang_datefunc.html
            let inUTC = SQLTimestamp(text).flatMap { SQLZonedTimestamp($0) }
            self = try inUTC ?? sqlValue.decodeText()
        default: self = try sqlValue.decodeText()
        }
    }
}

extension SQLUUID: SQLCodable {
    /// A ``SQLValue/uuid(_:)``.
    public var sqlValue: SQLValue { .uuid(self) }

    /// Decodes `uuid`, `text` in the form of a UUID, and 16 `bytes`. Throws ``SQLConversionError`` for other values.
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
    /// Decodes the text form of a value, for databases that store such values as text.
    func decodeText<Value: LosslessStringConvertible>() throws -> Value {
        guard case .text(let text) = self else { throw SQLConversionError(expected: Value.self, actual: self) }
        guard let value = Value(text) else {
            throw SQLConversionError(
                expected: Value.self, actual: self, reason: "the text is not in the form of this type")
        }
        return value
    }
}
