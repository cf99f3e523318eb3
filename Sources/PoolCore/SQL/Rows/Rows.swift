/// The rows of a result: a collection of ``Row``, kept in one piece.
///
/// ```swift
/// let rows = try await connection.query("SELECT id, name FROM users")
/// for (id, name) in try rows.decode((Int, String).self) { … }
/// ```
public struct Rows: Sendable {
    /// Shared by all rows.
    public let columns: Columns
    /// One row after the other.
    @usableFromInline let values: [SQLValue]
    /// The place of the first row in the result that these rows are a part of.
    @usableFromInline let firstNumber: Int

    /// `values` holds the rows one after the other, `columns.names.count` values each.
    ///
    /// A result without columns has no rows here.
    public init(columns: Columns, values: [SQLValue]) {
        self.init(columns: columns, values: values, firstNumber: 0)
    }

    init(columns: Columns, values: [SQLValue], firstNumber: Int) {
        precondition(
            columns.count == 0 ? values.isEmpty : values.count.isMultiple(of: columns.count),
            "bug in the driver: \(values.count) values do not fill rows of \(columns.count) columns")
        self.columns = columns
        self.values = values
        self.firstNumber = firstNumber
    }
}

extension Rows: RandomAccessCollection {
    public var startIndex: Int { 0 }
    @inlinable
    public var endIndex: Int { columns.count == 0 ? 0 : values.count / columns.count }

    /// The row at that position, from 0. Traps if there is none.
    @inlinable
    public subscript(position: Int) -> Row {
        precondition(indices.contains(position), "Row \(position) does not exist: there are \(count) rows")
        return Row(
            columns: columns, number: firstNumber + position, storage: values, offset: position * columns.count)
    }
}

extension Rows {
    /// The values of the only column.
    ///
    /// - Throws: ``SQLDecodingError``, also if there is not exactly one column.
    @inlinable
    public func decode<Value: SQLDecodable>(_ type: Value.Type) throws -> [Value] {
        try decodeOnlyColumn(type)
    }

    /// The values of the only column. Types that are `Decodable` too are taken for values.
    ///
    /// - Throws: ``SQLDecodingError``, also if there is not exactly one column.
    @inlinable
    public func decode<Value: SQLDecodable & Decodable>(_ type: Value.Type) throws -> [Value] {
        try decodeOnlyColumn(type)
    }

    @inlinable
    func decodeOnlyColumn<Value: SQLDecodable>(_ type: Value.Type) throws -> [Value] {
        try columns.check(count: 1, for: type)
        var decoded: [Value] = []
        decoded.reserveCapacity(count)
        // With one column, values are rows: there is no need to make a row of each.
        for index in values.indices {
            do {
                decoded.append(try Value(sqlValue: values[index]))
            } catch {
                throw self[index].conversionError(error, to: type, at: 0)
            }
        }
        return decoded
    }

    /// Each row as a tuple, column by column: `rows.decode((Int, String).self)`.
    ///
    /// - Throws: ``SQLDecodingError``, also if the number of columns is another than the tuple's.
    @inlinable
    public func decode<First: SQLDecodable, Second: SQLDecodable, each Other: SQLDecodable>(
        _ type: (First, Second, repeat each Other).Type
    ) throws -> [(First, Second, repeat each Other)] {
        var width = 2
        for _ in repeat (each Other).self { width += 1 }
        try columns.check(count: width, for: type)
        var tuples: [(First, Second, repeat each Other)] = []
        tuples.reserveCapacity(count)
        // By place, without a row of its own for each: that would be counted as a reference to all values.
        for offset in stride(from: 0, to: values.count, by: width) {
            var next = offset + 1
            func nextValue<Value: SQLDecodable>(_ type: Value.Type) throws -> Value {
                next += 1
                return try value(at: next)
            }
            tuples.append(
                (try value(at: offset), try value(at: offset + 1), repeat try nextValue((each Other).self)))
        }
        return tuples
    }

    /// The value at a place in all values of all rows.
    @inlinable
    func value<Value: SQLDecodable>(at place: Int) throws -> Value {
        do {
            return try Value(sqlValue: values[place])
        } catch {
            throw self[place / columns.count].conversionError(error, to: Value.self, at: place % columns.count)
        }
    }

    /// Each row as a value of a `Decodable` type whose properties are named like columns.
    ///
    /// A property of optional type is nil if there is no such column. Columns without a property are skipped.
    ///
    /// - Parameter naming: How columns are named after properties. The default is ``ColumnNaming/exact``.
    /// - Throws: ``SQLDecodingError``, and what the type's own `init(from:)` throws.
    public func decode<Value: Decodable>(_ type: Value.Type, naming: ColumnNaming = .exact) throws -> [Value] {
        try map { try $0.decode(type, naming: naming) }
    }
}

extension Rows: CustomStringConvertible {
    public var description: String {
        "\(count == 1 ? "1 row" : "\(count) rows") of \(columns.names.joined(separator: ", "))"
    }
}

extension Columns {
    @inlinable
    func check(count expected: Int, for type: Any.Type) throws {
        guard count == expected else { throw countError(expected: expected, for: type) }
    }

    @usableFromInline
    func absenceError(_ index: Int) -> any Error {
        SQLDecodingError.noSuchColumn(index, in: names)
    }

    @usableFromInline
    func countError(expected: Int, for type: Any.Type) -> any Error {
        SQLDecodingError.columnCount(expected: expected, type: type, names: names)
    }
}
