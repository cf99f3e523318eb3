internal import CMariaDB
@_spi(Driver) internal import PoolSQL

/// The place where libmariadb puts the values of rows.
@safe
final class RowReader {
    /// The state that the callback gets. Allocated separately, because each access to an object's properties is
    /// checked.
    let pointer: UnsafeMutablePointer<State>

    @safe
    struct State: ~Copyable {
        /// How each column is read.
        var kinds: UnsafeMutablePointer<ColumnKind>
        var columnCount = 0
        /// The connection whose buffer holds the rows, unless ``end`` is set; nil before the first row.
        var connection: UnsafeMutablePointer<MYSQL>?
        /// The end of the current row, if libmariadb has stored all rows in memory.
        var end: UnsafeMutablePointer<UInt8>?
        /// True once a value was invalid for its type, or longer than its row.
        var isMalformed = false
        var zone = SessionZone.other
        var rows = SQLRowsBuilder()
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
            // One for each field, because that many were allocated.
            unsafe (pointer.pointee.kinds + index).initialize(to: ColumnKind(of: fields[index]))
        }
        unsafe pointer.pointee.columnCount = fields.count
    }

    func begin(_ zone: SessionZone, _ connection: UnsafeMutablePointer<MYSQL>) {
        unsafe pointer.pointee.zone = zone
        unsafe pointer.pointee.connection = unsafe connection
        unsafe pointer.pointee.end = nil
        unsafe pointer.pointee.isMalformed = false
    }

    /// Sets the row that is read next, if libmariadb has stored all rows in memory.
    func expect(_ row: UnsafeMutablePointer<MYSQL_ROWS>?) {
        guard let row = unsafe row, let start = unsafe UnsafeMutableRawPointer(row.pointee.data) else { return }
        let end = unsafe start.advanced(by: Int(clamping: row.pointee.length))
        unsafe pointer.pointee.end = unsafe end.assumingMemoryBound(to: UInt8.self)
    }

    var columnCount: Int { unsafe pointer.pointee.columnCount }

    var isMalformed: Bool { unsafe pointer.pointee.isMalformed }

    /// Checks the size of what was read.
    ///
    /// - Throws: ``SQLResultLimitError`` if it is more than `limit`.
    func check(_ limit: SQLResultLimit?) throws {
        unsafe try pointer.pointee.rows.check(limit, columns: pointer.pointee.columnCount)
    }

    /// Calls `body` while what is read is appended to `rows`.
    func read<Result>(into rows: inout SQLRowsBuilder, _ body: () throws -> Result) rethrows -> Result {
        unsafe swap(&rows, &pointer.pointee.rows)
        defer { unsafe swap(&rows, &pointer.pointee.rows) }
        return try body()
    }
}

/// The function that libmariadb calls for each value of a row, in the order of the columns. It must move `position`
/// behind the value; a nil position is NULL. Not a closure, because one that calls a static member crashes the
/// compiler (Swift 6.3.1).
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
    // libmariadb reads a row into the memory that ends there.
    guard let end = unsafe state.pointee.end ?? state.pointee.connection?.pointee.net.buff_end else { return }
    let kind = unsafe state.pointee.kinds[Int(column)]
    var decoding = unsafe BinaryDecoding(at: start, end: end)
    // Numbers are read here, without a call, which would take longer than reading them.
    switch unsafe state.pointee.rows.hasRoomForNumber ? kind : .null {
    case .int64: unsafe state.pointee.rows.append(decoding.take() as Int64)
    case .int32: unsafe state.pointee.rows.append(Int64(decoding.take() as Int32))
    case .double: unsafe state.pointee.rows.append(Double(bitPattern: decoding.take()))
    default: unsafe receiveOther(state, kind, &decoding)
    }
    unsafe position.pointee = unsafe decoding.position
    if decoding.isMalformed { unsafe state.pointee.isMalformed = true }
}

@inline(never)
private func receiveNull(_ state: UnsafeMutablePointer<RowReader.State>) { unsafe state.pointee.rows.appendNull() }

@inline(never)
private func receiveOther(
    _ state: UnsafeMutablePointer<RowReader.State>, _ kind: ColumnKind, _ decoding: inout BinaryDecoding
) {
    unsafe decoding.read(kind, state.pointee.zone, into: &state.pointee.rows)
}
