extension Optional: SQLEncodable where Wrapped: SQLEncodable {
    /// The wrapped value, as its own type sends it; ``SQLValue/null`` for nil.
    public var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

extension Optional: SQLDecodable where Wrapped: SQLDecodable {
    /// Nil for NULL; otherwise decodes the wrapped type.
    public init(sqlValue: SQLValue) throws {
        self = sqlValue.isNull ? .none : .some(try Wrapped(sqlValue: sqlValue))
    }

    /// Nil for NULL; otherwise decodes the wrapped type.
    @inlinable
    public init(cell: borrowing SQLCell) throws {
        self = cell.isNull ? .none : .some(try Wrapped(cell: cell))
    }
}

extension Array: SQLEncodable where Element: SQLEncodable {
    /// The array as its elements' type sends it: ``SQLEncodable/sqlValue(ofArray:)``.
    public var sqlValue: SQLValue { Element.sqlValue(ofArray: self) }
}

extension Array: SQLDecodable where Element: SQLDecodable {
    /// Decodes an array as its elements' type does: ``SQLDecodable/array(sqlValue:)``.
    public init(sqlValue: SQLValue) throws {
        self = try Element.array(sqlValue: sqlValue)
    }
}
