/// The rows of a result: a collection of ``SQLRow``, kept in one piece.
///
/// ```swift
/// let rows = try await connection.query("SELECT id, name FROM users")
/// for (id, name) in try rows.decode((Int, String).self) { print(id, name) }
/// ```
public struct SQLRows: Sendable {
    /// The columns, shared by all rows.
    public let columns: SQLColumns
    /// The values of one row after the other.
    @usableFromInline let values: StoredValues
    /// The number of rows.
    public let count: Int
    /// The place of the first row in the result that these rows are a part of.
    @usableFromInline let firstNumber: Int

    /// Makes rows of `values`, which holds them one after the other, `columns.names.count` values each.
    ///
    /// A result without columns has no rows here.
    public init(columns: SQLColumns, values: [SQLValue]) {
        var builder = SQLRowsBuilder(expectedSize: values.count * MemoryLayout<StoredValues.Cell>.stride)
        for value in values { builder.append(value) }
        self = builder.take(columns)
    }

    init(columns: SQLColumns, values: StoredValues, valueCount: Int) {
        let width = columns.count
        let (count, rest) = width == 0 ? (0, valueCount) : valueCount.quotientAndRemainder(dividingBy: width)
        precondition(rest == 0, "bug in the driver: \(valueCount) values do not fill rows of \(width) columns")
        self.init(columns: columns, values: values, count: count, firstNumber: 0)
    }

    init(columns: SQLColumns, values: StoredValues, count: Int, firstNumber: Int) {
        self.columns = columns
        self.values = values
        self.count = count
        self.firstNumber = firstNumber
    }
}

extension SQLRows: RandomAccessCollection {
    /// The position of the first row: 0.
    public var startIndex: Int { 0 }
    /// The position after the last row.
    @inlinable
    public var endIndex: Int { count }

    /// The row at that position, from 0. Traps if there is none.
    @inlinable
    public subscript(position: Int) -> SQLRow {
        precondition(indices.contains(position), "Row \(position) does not exist: there are \(count) rows")
        return SQLRow(
            columns: columns, number: firstNumber + position, storage: values, offset: position * columns.count)
    }
}

extension SQLRows {
    /// The values of the only column.
    ///
    /// - Throws: ``SQLDecodingError``, also if there is not exactly one column.
    @inlinable
    public func decode<Value: SQLDecodable>(_ type: Value.Type) throws -> [Value] {
        try decodeOnlyColumn(type)
    }

    /// The values of the only column. A type that is also `Decodable` is decoded as a single value.
    ///
    /// - Throws: ``SQLDecodingError``, also if there is not exactly one column.
    @inlinable
    public func decode<Value: SQLDecodable & Decodable>(_ type: Value.Type) throws -> [Value] {
        try decodeOnlyColumn(type)
    }

    @inlinable
    func decodeOnlyColumn<Value: SQLDecodable>(_ type: Value.Type) throws -> [Value] {
        try columns.check(count: 1, for: type)
        // With one column, values are rows: no row has to be made for each.
        var decoded: [Value] = []
        decoded.reserveCapacity(count)
        try values.withReader { reader in
            for place in 0..<count { decoded.append(try value(reader, at: place)) }
        }
        return decoded
    }

    /// The value at a place in all values of all rows.
    @inlinable
    @inline(__always)
    func value<Value: SQLDecodable>(_ reader: ValueReader, at place: Int) throws -> Value {
        do {
            return try Value(cell: SQLCell(reader, at: place))
        } catch {
            throw conversionError(error, to: Value.self, at: place)
        }
    }

    /// Out of line, so that the code that is inlined into the application stays small.
    @usableFromInline
    func conversionError(_ error: any Error, to type: Any.Type, at place: Int) -> any Error {
        self[place / columns.count].conversionError(error, to: type, at: place % columns.count)
    }

    /// Each row as a value of a `Decodable` type whose properties are named like columns.
    ///
    /// A property of optional type is nil if there is no such column. Columns without a property are skipped.
    ///
    /// - Parameter naming: How columns are named after properties. The default is ``SQLColumnNaming/exact``.
    /// - Throws: ``SQLDecodingError``, and any error of the type's own `init(from:)`.
    @inlinable
    public func decode<Value: Decodable>(_ type: Value.Type, naming: SQLColumnNaming = .exact) throws -> [Value] {
        if MemoryLayout<Value>.size == MemoryLayout<Double>.size { try columns.refuseDate(type) }
        let decoding = RowDecoding(columns, values, naming)
        var decoded: [Value] = []
        decoded.reserveCapacity(count)
        do {
            for position in 0..<count {
                let decoder = RowDecoder(decoding, offset: position * columns.count, number: firstNumber + position)
                decoded.append(try Value(from: decoder))
            }
        } catch {
            throw columns.explaining(error, as: type)
        }
        return decoded
    }
}

extension SQLRows: CustomStringConvertible {
    public var description: String {
        "\(count == 1 ? "1 row" : "\(count) rows") of \(columns.names.joined(separator: ", "))"
    }
}

extension SQLColumns {
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
