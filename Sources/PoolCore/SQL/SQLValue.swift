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
    case json(String)
    case array([SQLValue])
}

public struct SQLDecimal: Sendable, Hashable {}
public struct SQLDate: Sendable, Hashable {}
public struct SQLTime: Sendable, Hashable {}
public struct SQLTimestamp: Sendable, Hashable {}
public struct SQLZonedTimestamp: Sendable, Hashable {}
public struct SQLUUID: Sendable, Hashable {}
