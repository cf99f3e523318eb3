/// A value inside a result, from which a ``SQLDecodable`` type is made without a ``SQLValue`` in between.
///
/// A cell exists while ``SQLDecodable/init(cell:)`` runs, and cannot be copied or kept.
public struct SQLCell: ~Copyable {
    @usableFromInline let values: ValueReader
    @usableFromInline let place: Int

    /// Makes a cell. `place` must be the place of a value.
    @inlinable
    init(_ values: ValueReader, at place: Int) {
        self.values = values
        self.place = place
    }

    @inlinable
    var cell: StoredValues.Cell { values[place] }

    /// True for NULL.
    @inlinable
    public var isNull: Bool { cell.kind == .null }

    /// The value as the driver delivered it.
    public var sqlValue: SQLValue { values.value(at: place) }

    /// True for a timestamp of a session in another time zone than UTC: only the server knows which moment it is.
    public var isLocalTimestamp: Bool { cell.kind == .localTimestamp }

    /// The number, if it is a whole one of 64 bits.
    @inlinable
    public var int: Int64? {
        let cell = cell
        return cell.kind == .int ? Int64(bitPattern: cell.payload) : nil
    }

    /// The number, if it is a floating one.
    @inlinable
    public var double: Double? {
        let cell = cell
        return cell.kind == .double ? Double(bitPattern: cell.payload) : nil
    }

    /// The text, if it is one.
    @inlinable
    public var text: String? {
        let cell = cell
        return cell.kind == .text || cell.kind == .uncheckedText ? values.text(of: cell) : nil
    }
}
