/// A value on its way to or from a database.
public enum SQLValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case decimal(SQLDecimal)
    case text(String)
    case bytes([UInt8])
    case date(SQLDate)
    case time(SQLTime)
    case timestamp(SQLTimestamp)
    case zonedTimestamp(SQLZonedTimestamp)
    case uuid(SQLUUID)
    /// The text of a JSON document.
    case json(String)
    case array([SQLValue])

    /// True for NULL. An array of nothing but NULL is not NULL.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The name of the case, for messages that must not show the value: `"int"`.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .double: "double"
        case .decimal: "decimal"
        case .text: "text"
        case .bytes: "bytes"
        case .date: "date"
        case .time: "time"
        case .timestamp: "timestamp"
        case .zonedTimestamp: "zonedTimestamp"
        case .uuid: "uuid"
        case .json: "json"
        case .array: "array"
        }
    }
}

extension SQLValue: CustomStringConvertible {
    /// The value as a person would write it, text in quotation marks, and of bytes only their number.
    public var description: String {
        switch self {
        case .null: "NULL"
        case .bool(let value): value.description
        case .int(let value): value.description
        case .double(let value): value.description
        case .decimal(let value): value.description
        case .text(let value): value.debugDescription
        case .bytes(let value): "\(value.count) bytes"
        case .date(let value): value.description
        case .time(let value): value.description
        case .timestamp(let value): value.description
        case .zonedTimestamp(let value): value.description
        case .uuid(let value): value.description
        case .json(let value): value
        case .array(let values): values.description
        }
    }
}
