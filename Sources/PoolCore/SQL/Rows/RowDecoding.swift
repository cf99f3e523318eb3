/// What the rows of one result have in common while they are decoded as a `Decodable` type.
///
/// The type asks for its keys in the same order in each row, as a rule. So the columns of the keys are kept in that order, and
/// the next key is compared with the one that came next in the row before.
@usableFromInline
@safe
final class RowDecoding {
    @usableFromInline let columns: Columns
    @usableFromInline let values: StoredValues
    /// Of ``values``, which live as long.
    @usableFromInline let reader: ValueReader
    private let naming: ColumnNaming
    /// Apart, because each access to a property of an object is checked.
    @usableFromInline let trail: UnsafeMutablePointer<Trail>

    @usableFromInline
    struct Trail {
        @usableFromInline var steps: [(key: String, place: Columns.Place)] = []
        @usableFromInline var next = 0
    }

    /// A type that asks for more is found its columns by name.
    private static let stepLimit = 256

    @usableFromInline
    init(_ columns: Columns, _ values: StoredValues, _ naming: ColumnNaming) {
        self.columns = columns
        self.values = values
        reader = values.withReader { $0 }
        self.naming = naming
        unsafe trail = .allocate(capacity: 1)
        unsafe trail.initialize(to: Trail())
    }

    deinit {
        unsafe trail.deinitialize(count: 1)
        unsafe trail.deallocate()
    }

    @inlinable
    func beginRow() { unsafe trail.pointee.next = 0 }

    @inlinable
    func find(_ key: String) -> Columns.Place {
        let position = unsafe trail.pointee.next
        if unsafe position < trail.pointee.steps.count, unsafe trail.pointee.steps[position].key == key {
            unsafe trail.pointee.next = position + 1
            return unsafe trail.pointee.steps[position].place
        }
        return unsafe findElsewhere(key, &trail.pointee)
    }

    /// For a key that is asked for again, or that was not asked for in the row before, or in another order.
    @usableFromInline
    func findElsewhere(_ key: String, _ trail: inout Trail) -> Columns.Place {
        let position = trail.next
        if position > 0, trail.steps[position - 1].key == key { return trail.steps[position - 1].place }
        // One that was left out this time: those after it follow.
        for later in trail.steps.indices.dropFirst(position + 1).prefix(4) where trail.steps[later].key == key {
            trail.next = later + 1
            return trail.steps[later].place
        }
        let place = columns.find(naming.columnName(for: key))
        if position == trail.steps.count, position < Self.stepLimit {
            trail.steps.append((key, place))
            trail.next = position + 1
        }
        return place
    }

    /// Why there is no one column for a key.
    @usableFromInline
    func absenceError(_ key: String) -> any Error { columns.absenceError(naming.columnName(for: key)) }
}
