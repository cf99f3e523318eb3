extension Optional: SQLEncodable where Wrapped: SQLEncodable {
    public var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

extension Optional: SQLDecodable where Wrapped: SQLDecodable {
    public init(sqlValue: SQLValue) throws {
        self = sqlValue.isNull ? .none : .some(try Wrapped(sqlValue: sqlValue))
    }

    @inlinable
    public init(cell: borrowing SQLCell) throws {
        self = cell.isNull ? .none : .some(try Wrapped(cell: cell))
    }
}

extension Array: SQLEncodable where Element: SQLEncodable {
    public var sqlValue: SQLValue { Element.sqlValue(ofArray: self) }
}

extension Array: SQLDecodable where Element: SQLDecodable {
    public init(sqlValue: SQLValue) throws {
        self = try Element.array(sqlValue: sqlValue)
    }
}
