internal import CMariaDB
@_spi(Driver) internal import PoolSQL

/// The owner of a `MYSQL_STMT`, a statement that the server has prepared. Used on the same thread as its ``Link``.
@safe
final class Statement: CachedStatement {
    let text: String
    let traits: StatementTraits
    let parameterCount: Int
    /// The columns of the latest result; before the first run, the columns that the server announced.
    private(set) var columns = SQLColumns(names: [])
    /// The size of the rows of the latest run, to reserve memory for the next.
    var expectedSize = 0
    /// True once the columns differ from those that libmariadb keeps for later runs: the statement must be prepared
    /// again before the next run.
    private(set) var isOutdated = false
    private var shapes: [FieldShape] = []
    /// True if the server announced the columns when the statement was prepared, which it does not for a `CALL`.
    private let isAnnounced: Bool
    private let reader = RowReader()
    /// True while all rows are in libmariadb's memory.
    private var isStored = false
    /// The statement's own binds, in place of libmariadb's; freed in the deinitializer. Set once at most, because the
    /// statement does not run again then.
    private var otherBinds: UnsafeMutablePointer<MYSQL_BIND>?
    /// Freed by `mysql_stmt_close` in the deinitializer, which tells the server unless the connection is gone.
    private let pointer: UnsafeMutablePointer<MYSQL_STMT>
    /// Kept, because it must outlive the statement.
    private let link: Link

    init(preparing text: String, traits: StatementTraits, on link: Link) throws {
        try link.requireInSequence()
        guard let pointer = unsafe mysql_stmt_init(link.pointer) else { throw link.error() }
        var contiguous = text
        let result = contiguous.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                unsafe mysql_stmt_prepare(pointer, bytes.baseAddress, UInt(bytes.count))
            }
        }
        if result != 0 {
            let error = unsafe Self.error(of: pointer, link)
            unsafe mysql_stmt_close(pointer)
            throw error
        }
        unsafe self.pointer = unsafe pointer
        self.link = link
        self.text = text
        self.traits = traits
        parameterCount = unsafe Int(mysql_stmt_param_count(pointer))
        unsafe cmariadb_set_result_callback(pointer, receiveValue, reader.pointer)
        let count = unsafe Int(mysql_stmt_field_count(pointer))
        isAnnounced = count > 0
        if count == 0 { return }
        let fields = unsafe mariadb_stmt_fetch_fields(pointer)
        // As many as `count`, because libmariadb reports both itself.
        unsafe learn(UnsafeBufferPointer(start: fields, count: count))
    }

    deinit {
        unsafe mysql_stmt_close(pointer)
        unsafe otherBinds?.deallocate()
    }

    private static func error(of pointer: UnsafeMutablePointer<MYSQL_STMT>, _ link: Link) -> MySQLError {
        let number = unsafe mysql_stmt_errno(pointer)
        if number == 0 { return link.error() }
        return unsafe MySQLError(
            MySQLError.Code(rawValue: number), sqlState: String(cString: mysql_stmt_sqlstate(pointer)),
            String(cString: mysql_stmt_error(pointer)))
    }

    private var error: MySQLError { unsafe Self.error(of: pointer, link) }

    // MARK: Running

    /// Runs the statement with the values in `binds`, and waits until its first result has begun.
    func execute(_ binds: BindBuffer) throws {
        try link.requireInSequence()
        if parameterCount > 0 {
            let result = unsafe mysql_stmt_bind_param(pointer, binds.binds)
            if result != 0 { throw error }
        }
        isStored = false
        if isOutdated { throw MySQLError.local(.needsReprepare, "The statement must be prepared anew", sql: text) }
        markColumns()
        let result = unsafe mysql_stmt_execute(pointer)
        if result != 0 { try takeOtherColumns() }
        learnColumns()
    }

    /// Runs the statement once for each of `rows`, in one request. The server must have bulk execution.
    func execute(_ rows: BulkRows) throws {
        try link.requireInSequence()
        try unsafe rows.withFirstBinds { binds in
            let result = unsafe mysql_stmt_bind_param(pointer, binds)
            if result != 0 { throw error }
        }
        var count = UInt32(rows.count)
        unsafe mysql_stmt_attr_set(pointer, STMT_ATTR_CB_USER_DATA, Unmanaged.passUnretained(rows).toOpaque())
        unsafe cmariadb_set_param_callback(pointer, provideRow)
        unsafe mysql_stmt_attr_set(pointer, STMT_ATTR_ARRAY_SIZE, &count)
        let result = unsafe mysql_stmt_execute(pointer)
        count = 0
        unsafe mysql_stmt_attr_set(pointer, STMT_ATTR_ARRAY_SIZE, &count)
        unsafe cmariadb_set_param_callback(pointer, nil)
        unsafe mysql_stmt_attr_set(pointer, STMT_ATTR_CB_USER_DATA, reader.pointer)
        if result != 0 { throw error }
    }

    /// Goes on to the next result, after all rows of the previous one were taken. False at the end.
    func nextResult() throws -> Bool {
        if !link.status.contains(.moreResults) { return false }
        isStored = false
        let result = unsafe mysql_stmt_next_result(pointer)
        if result > 0 { throw error }
        if result < 0 { return false }
        learnColumns()
        return true
    }

    /// Fetches the whole result into libmariadb's memory, for ``take(_:into:_:)`` to read there.
    func store() throws {
        let result = unsafe mysql_stmt_store_result(pointer)
        if result != 0 { throw error }
        isStored = true
    }

    /// Appends the remaining rows, at most `limit` of them. True if there may be more.
    ///
    /// - Throws: also ``SQLResultLimitError``, after the row that is too much.
    func take(
        _ limit: Int, into rows: inout SQLRowsBuilder, _ zone: SessionZone, within resultLimit: SQLResultLimit? = nil
    ) throws -> Bool {
        unsafe reader.begin(zone, link.pointer)
        // Otherwise rows would have other columns than their names say.
        guard unsafe Int(pointer.pointee.field_count) == reader.columnCount else { throw MySQLError.malformed }
        return try reader.read(into: &rows) {
            for _ in 0..<limit {
                if isStored { unsafe reader.expect(pointer.pointee.result_cursor) }
                let result = unsafe mysql_stmt_fetch(pointer)
                if result == MYSQL_NO_DATA {
                    if !isStored { noteEndOfRows() }
                    return false
                }
                if result != 0, result != MYSQL_DATA_TRUNCATED { throw error }
                if reader.isMalformed { throw MySQLError.malformed }
                try reader.check(resultLimit)
            }
            return true
        }
    }

    /// Reads the status at the end of rows that came one by one, from the packet that was read last: libmariadb
    /// leaves it unread.
    private func noteEndOfRows() {
        guard let packet = unsafe link.pointer.pointee.net.read_pos, unsafe packet[0] == 254 else { return }
        unsafe link.pointer.pointee.warning_count = unsafe UInt32(packet[1]) | UInt32(packet[2]) << 8
        link.status = Link.Status(rawValue: unsafe UInt32(packet[3]) | UInt32(packet[4]) << 8)
    }

    /// Drops the rest of a result.
    func freeResult() { unsafe _ = mysql_stmt_free_result(pointer) }

    // MARK: Columns

    /// The number of columns of the result that has begun; 0 if it has no rows.
    var columnCount: Int { link.columnCount }

    /// The value that marks a field that libmariadb has copied from the statement, at a place that no server can
    /// write.
    private static let mark: UInt = 0x706F_6F6C

    /// Marks the known columns: MariaDB does not send them again while they are unchanged, and libmariadb then takes
    /// its copies, with the mark. https://mariadb.com/kb/en/mariadb-protocol-differences-with-mysql/
    private func markColumns() {
        guard unsafe pointer.pointee.field_count > 0, let fields = unsafe pointer.pointee.fields else { return }
        unsafe fields[0].max_length = Self.mark
    }

    /// True if the server has sent no columns with the result that has begun: it has the columns of the previous run.
    private func isMarked(_ fields: UnsafeMutablePointer<MYSQL_FIELD>) -> Bool {
        unsafe fields[0].max_length == Self.mark
    }

    /// Accepts a result with more or fewer columns than the previous one, for which libmariadb fails. The statement
    /// has run all the same, and its rows follow: they are read, and nothing runs twice.
    private func takeOtherColumns() throws {
        let error = error
        guard error.code == .newMetadata, columnCount > 0, let fields = unsafe link.pointer.pointee.fields else {
            throw error
        }
        // The number of columns has changed, and yet the server has not sent them.
        if unsafe isMarked(fields) {
            throw MySQLError(.malformedPacket, "The server's answer has columns that it has not told of", sql: text)
        }
        // libmariadb's own binds of a row are too small for more columns, and it writes to them although they are not
        // read.
        let binds = UnsafeMutablePointer<MYSQL_BIND>.allocate(capacity: columnCount)
        // As many as are allocated, because `columnCount` is libmariadb's own, which has read so many columns.
        unsafe binds.initialize(repeating: MYSQL_BIND(), count: columnCount)
        unsafe otherBinds = binds
        unsafe pointer.pointee.bind = binds
        unsafe pointer.pointee.fields = fields
        unsafe pointer.pointee.field_count = link.pointer.pointee.field_count
        isOutdated = true
    }

    /// Reads the columns, which the server sends if they have changed: the table may be a different one.
    private func learnColumns() {
        let count = columnCount
        guard count > 0, let fields = unsafe link.pointer.pointee.fields else { return }
        if unsafe shapes.count == count && isMarked(fields) { return }
        // As many as `count`, because libmariadb reports both itself.
        let buffer = unsafe UnsafeBufferPointer(start: fields, count: count)
        if unsafe isKnown(buffer) { return }
        let before = shapes
        unsafe learn(buffer)
        // libmariadb updates the types, but not the names, of columns that the server sends with a run.
        if isAnnounced, !before.elementsEqual(shapes, by: { $0.hasSameName(as: $1) }) { isOutdated = true }
    }

    private func isKnown(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) -> Bool {
        guard shapes.count == fields.count else { return false }
        for index in shapes.indices where unsafe !shapes[index].matches(fields[index]) { return false }
        return true
    }

    private func learn(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) {
        shapes = fields.indices.map { unsafe FieldShape(of: fields[$0]) }
        unsafe reader.learn(fields)
        columns = SQLColumns(names: shapes.map(\.name))
    }
}

/// The function that libmariadb calls before it encodes a row of a bulk execution.
private func provideRow(
    _ user: UnsafeMutableRawPointer?, _ binds: UnsafeMutablePointer<MYSQL_BIND>?, _ row: UInt32
)
    -> my_bool
{
    guard let user = unsafe user, let binds = unsafe binds else { return 1 }
    unsafe Unmanaged<BulkRows>.fromOpaque(user).takeUnretainedValue().provide(Int(row), binds)
    return 0
}
