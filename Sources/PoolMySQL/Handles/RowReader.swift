internal import CMariaDB
@_spi(Driver) internal import PoolCore

/// Where libmariadb puts the values of rows.
@safe
final class RowReader {
    /// What the callback gets. Not properties of the object, because each access to these is checked.
    let pointer: UnsafeMutablePointer<State>

    @safe
    struct State: ~Copyable {
        /// How each column is read.
        var kinds: UnsafeMutablePointer<ColumnKind>
        var columnCount = 0
        var zone = SessionZone.other
        var rows = RowsBuilder()
    }

    init() {
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: State(kinds: .allocate(capacity: 0)))
    }

    deinit {
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

    /// Calls `body` while what is read is appended to `rows`.
    func read<Result>(into rows: inout RowsBuilder, _ body: () throws -> Result) rethrows -> Result {
        unsafe swap(&rows, &pointer.pointee.rows)
        defer { unsafe swap(&rows, &pointer.pointee.rows) }
        return try body()
    }
}

/// What libmariadb calls for each value of a row, in the order of the columns. It must leave `position` behind the value; nil is
/// NULL. Not a closure, because one that calls a static member crashes the compiler (Swift 6.3.1).
func receiveValue(
    _ user: UnsafeMutableRawPointer?, _ column: UInt32,
    _ position: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?
) {
    guard let state = unsafe user?.assumingMemoryBound(to: RowReader.State.self),
        unsafe Int(column) < state.pointee.columnCount
    else { return }
    guard let position = unsafe position, let start = unsafe position.pointee else {
        return unsafe receiveNull(state)
    }
    let kind = unsafe state.pointee.kinds[Int(column)]
    guard unsafe state.pointee.rows.hasRoomForNumber else { return unsafe receiveOther(state, kind, position, start) }
    // Numbers are read here, without a call, which would take longer than the rest.
    var decoding = unsafe BinaryDecoding(at: start)
    switch kind {
    case .int64: unsafe state.pointee.rows.append(decoding.take() as Int64)
    case .int32: unsafe state.pointee.rows.append(Int64(decoding.take() as Int32))
    case .double: unsafe state.pointee.rows.append(Double(bitPattern: decoding.take()))
    default: return unsafe receiveOther(state, kind, position, start)
    }
    unsafe position.pointee = unsafe decoding.position
}

@inline(never)
private func receiveNull(_ state: UnsafeMutablePointer<RowReader.State>) { unsafe state.pointee.rows.appendNull() }

@inline(never)
private func receiveOther(
    _ state: UnsafeMutablePointer<RowReader.State>, _ kind: ColumnKind,
    _ position: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, _ start: UnsafeMutablePointer<UInt8>
) {
    var decoding = unsafe BinaryDecoding(at: start)
    unsafe decoding.read(kind, state.pointee.zone, into: &state.pointee.rows)
    unsafe position.pointee = unsafe decoding.position
}
