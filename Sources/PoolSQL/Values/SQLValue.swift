/// A value on its way to or from a database.
@nonexhaustive
public enum SQLValue: Sendable, Hashable {
    /// NULL.
    case null
    /// A truth value.
    case bool(Bool)
    /// A whole number of 64 bits.
    case int(Int64)
    /// A floating-point number.
    case double(Double)
    /// A decimal number of any precision.
    case decimal(SQLDecimal)
    /// A text.
    case text(String)
    /// Bytes, such as a blob.
    case bytes([UInt8])
    /// A day.
    case date(SQLDate)
    /// A time of day without a zone.
    case time(SQLTime)
    /// A date and a time of day without a zone.
    case timestamp(SQLTimestamp)
    /// A moment in time.
    case zonedTimestamp(SQLZonedTimestamp)
    /// A UUID.
    case uuid(SQLUUID)
    /// The text of a JSON document.
    case json(String)
    /// An array; its elements may be NULL.
    case array([SQLValue])
    /// No value: the application's type has one that no database value stands for, such as an infinite date. A
    /// statement with such a bind value is refused with the error before anything is sent. No result contains it.
    case invalid(SQLEncodingError)

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
        case .invalid: "invalid"
        }
    }
}

extension SQLValue: CustomStringConvertible {
    /// The value as a person would write it, with text in quotation marks; for bytes only their number.
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
        case .invalid(let error): error.description
        }
    }
}
