/// A row of a result.
///
/// A row keeps the values of the ``SQLRows`` that it belongs to: store what you decode from it rather than the row
/// itself.
public struct SQLRow: Sendable {
    /// The columns of the result.
    public let columns: SQLColumns
    /// The row's place in the result, from 0.
    public let number: Int
    @usableFromInline let storage: StoredValues
    @usableFromInline let offset: Int

    @inlinable
    init(columns: SQLColumns, number: Int, storage: StoredValues, offset: Int) {
        self.columns = columns
        self.number = number
        self.storage = storage
        self.offset = offset
    }

    /// The row's values, one for each column, as the driver delivered them.
    public var values: ArraySlice<SQLValue> {
        (offset..<offset + columns.count).map { storage.value(at: $0) }[...]
    }

    /// The value of the column with this name; case matters.
    ///
    /// - Throws: ``SQLDecodingError``.
    @inlinable
    public subscript<Value: SQLDecodable>(name: String, as type: Value.Type) -> Value {
        get throws { try value(at: try columns.index(of: name)) }
    }

    /// The value of the column at this index, from 0.
    ///
    /// - Throws: ``SQLDecodingError``.
    @inlinable
    public subscript<Value: SQLDecodable>(index: Int, as type: Value.Type) -> Value {
        get throws {
            guard index >= 0, index < columns.count else { throw columns.absenceError(index) }
            return try value(at: index)
        }
    }

    @inlinable
    func value<Value: SQLDecodable>(at index: Int) throws -> Value {
        do {
            return try storage.withReader { try Value(cell: SQLCell($0, at: offset + index)) }
        } catch {
            throw conversionError(error, to: Value.self, at: index)
        }
    }

    /// Out of line, so that the code that is inlined into the application stays small.
    @usableFromInline
    func conversionError(_ error: any Error, to type: Any.Type, at index: Int) -> any Error {
        SQLDecodingError(error, converting: rawValue(at: index), to: type, column: index, in: self)
    }

    func rawValue(at index: Int) -> SQLValue {
        storage.value(at: offset + index)
    }
}

extension SQLRow {
    /// The value of the only column.
    ///
    /// - Throws: ``SQLDecodingError``, also if there is not exactly one column.
    @inlinable
    public func decode<Value: SQLDecodable>(_ type: Value.Type) throws -> Value {
        try columns.check(count: 1, for: type)
        return try value(at: 0)
    }

    /// The value of the only column. A type that is also `Decodable` is decoded as a single value.
    ///
    /// - Throws: ``SQLDecodingError``, also if there is not exactly one column.
    @inlinable
    public func decode<Value: SQLDecodable & Decodable>(_ type: Value.Type) throws -> Value {
        try columns.check(count: 1, for: type)
        return try value(at: 0)
    }

    /// The row as a value of a `Decodable` type whose properties are named like columns.
    ///
    /// A property of optional type is nil if there is no such column. Columns without a property are skipped.
    ///
    /// - Parameter naming: How columns are named after properties. The default is ``SQLColumnNaming/exact``.
    /// - Throws: ``SQLDecodingError``, and any error of the type's own `init(from:)`.
    @inlinable
    public func decode<Value: Decodable>(_ type: Value.Type, naming: SQLColumnNaming = .exact) throws -> Value {
        if MemoryLayout<Value>.size == MemoryLayout<Double>.size { try columns.refuseDate(type) }
        do {
            return try Value(from: RowDecoder(RowDecoding(columns, storage, naming), offset: offset, number: number))
        } catch {
            throw columns.explaining(error, as: type)
        }
    }
}

extension SQLRow: CustomStringConvertible {
    /// The names and values, as in `[id: 1, name: "Ada"]`.
    public var description: String {
        "[\(zip(columns.names, values).map { "\($0): \($1)" }.joined(separator: ", "))]"
    }
}
