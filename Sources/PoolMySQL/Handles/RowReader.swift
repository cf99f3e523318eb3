internal import CMariaDB
internal import PoolCore

/// Where libmariadb puts the values of rows. The memory is kept and filled again.
@safe
final class RowReader {
    /// What the callback gets. Not properties of the object, because each access to these is checked.
    let pointer: UnsafeMutablePointer<State>

    @safe
    struct State {
        /// How each column is read.
        var kinds: UnsafeMutablePointer<ColumnKind>
        var columnCount = 0
        var zone = SessionZone.other
        var values: UnsafeMutablePointer<SQLValue>
        var count = 0
        var capacity: Int

        @inline(__always)
        mutating func append(_ value: consuming SQLValue) {
            unsafe (values + count).initialize(to: value)
            count += 1
        }
    }

    /// How many values the memory has room for that is kept from one run to the next.
    private static let keptCapacity = 1 << 14
    private static let leastCapacity = 64

    init() {
        unsafe pointer = .allocate(capacity: 1)
        let state = unsafe State(
            kinds: .allocate(capacity: 0), values: .allocate(capacity: Self.leastCapacity),
            capacity: Self.leastCapacity)
        unsafe pointer.initialize(to: state)
    }

    deinit {
        unsafe pointer.pointee.values.deinitialize(count: pointer.pointee.count)
        unsafe pointer.pointee.values.deallocate()
        unsafe pointer.pointee.kinds.deallocate()
        unsafe pointer.deinitialize(count: 1).deallocate()
    }

    func learn(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) {
        unsafe pointer.pointee.kinds.deallocate()
        unsafe pointer.pointee.kinds = .allocate(capacity: fields.count)
        for index in fields.indices {
            unsafe (pointer.pointee.kinds + index).initialize(to: ColumnKind(of: fields[index]))
        }
        unsafe pointer.pointee.columnCount = fields.count
    }

    func begin(_ zone: SessionZone) { unsafe pointer.pointee.zone = zone }

    /// Before each row: the callback must not need more memory, as it looks for none.
    func makeRoom() {
        let needed = unsafe pointer.pointee.count + pointer.pointee.columnCount
        if unsafe needed > pointer.pointee.capacity { unsafe resize(max(needed, pointer.pointee.capacity * 2)) }
    }

    /// Appends what was read to `values`.
    func move(to values: inout [SQLValue]) {
        let count = unsafe pointer.pointee.count
        let read = unsafe [SQLValue](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            if let start = buffer.baseAddress {
                unsafe start.moveInitialize(from: pointer.pointee.values, count: count)
            }
            initializedCount = count
        }
        unsafe pointer.pointee.count = 0
        if unsafe pointer.pointee.capacity > Self.keptCapacity { resize(Self.leastCapacity) }
        if values.isEmpty { values = read } else { values += read }
    }

    private func resize(_ capacity: Int) {
        let old = unsafe pointer.pointee.values
        unsafe pointer.pointee.values = .allocate(capacity: capacity)
        unsafe pointer.pointee.values.moveInitialize(from: old, count: pointer.pointee.count)
        unsafe old.deallocate()
        unsafe pointer.pointee.capacity = capacity
    }
}

/// What libmariadb calls for each value of a row, in the order of the columns. It must leave `position` behind the value; nil is
/// NULL. Not a closure, because one that calls a static member crashes the compiler (Swift 6.3.1).
func receiveValue(
    _ user: UnsafeMutableRawPointer?, _ column: UInt32,
    _ position: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?
) {
    guard let state = unsafe user?.assumingMemoryBound(to: RowReader.State.self),
        unsafe state.pointee.count < state.pointee.capacity, unsafe Int(column) < state.pointee.columnCount
    else { return }
    guard let position = unsafe position, let start = unsafe position.pointee else {
        unsafe state.pointee.append(.null)
        return
    }
    var decoding = unsafe BinaryDecoding(at: start)
    unsafe state.pointee.append(decoding.value(state.pointee.kinds[Int(column)], state.pointee.zone))
    unsafe position.pointee = unsafe decoding.position
}
