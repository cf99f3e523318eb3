internal import CSQLite
@_spi(Driver) internal import PoolSQL

/// Owns one `sqlite3_stmt *`. Used only on its `Database`'s thread.
@safe
final class Statement: CachedStatement {
    let text: String
    let traits: StatementTraits
    let parameterCount: Int
    /// The columns as of the latest step: SQLite prepares a statement again when the schema has changed.
    private(set) var columns: SQLColumns
    /// The size of the rows of the latest run, to reserve memory for the next.
    var expectedSize = 0
    /// True while a cursor uses the statement, which must not be used otherwise then.
    var isInUse = false
    private let pointer: OpaquePointer
    private var columnCount: Int32
    private var preparations: Int32 = 0

    /// Takes over `pointer`.
    init(_ pointer: OpaquePointer, text: String, traits: StatementTraits) {
        unsafe self.pointer = pointer
        self.text = text
        self.traits = traits
        parameterCount = unsafe Int(sqlite3_bind_parameter_count(pointer))
        columnCount = unsafe sqlite3_column_count(pointer)
        columns = unsafe SQLColumns(names: Self.names(of: pointer, count: columnCount))
    }

    deinit {
        // Frees the statement, and ends its read or write if it was not reset. The result repeats the last step's
        // error.
        unsafe sqlite3_finalize(pointer)
    }

    /// True if running it cannot change the database file.
    var isReadOnly: Bool { unsafe sqlite3_stmt_readonly(pointer) != 0 }

    /// True if running it may change a database other than the temporary one.
    var writesDatabase: Bool {
        let isExplanation = unsafe sqlite3_stmt_isexplain(pointer) != 0
        if isReadOnly || isExplanation || traits.contains(.asksJournalMode) { return false }
        return traits.contains(.writesElsewhere) || !traits.contains(.writesTemporary)
    }

    // MARK: Binding

    func bind(_ values: [SQLValue], _ timestamps: SQLiteConfiguration.TimestampText) throws {
        if values.count != parameterCount {
            throw SQLiteError(
                .range, "The statement has \(parameterCount) placeholders, but \(values.count) bind values were given",
                sql: text)
        }
        var index: Int32 = 1
        for value in values {
            let result = try bind(value, timestamps, at: index)
            if result != SQLITE_OK { throw error(result) }
            index += 1
        }
    }

    private func bind(
        _ value: SQLValue, _ timestamps: SQLiteConfiguration.TimestampText, at index: Int32
    ) throws -> Int32 {
        switch value {
        // Values that need no conversion come first.
        case .int(let number): return unsafe sqlite3_bind_int64(pointer, index, number)
        case .text(let text): return bindText(text, at: index)
        case .decimal(let number) where number.isFinite && number.scale == 0 && Int64(exactly: number) == nil:
            throw unbindable(
                "a whole number of more than 64 bits", at: index,
                "SQLite's integers end at 9223372036854775807, and a column of numbers would round it: bind its "
                    + "description for a TEXT column, or Int64(bitPattern:) of it")
        default: break
        }
        switch StoredValue(value, timestamps) {
        case .null: return unsafe sqlite3_bind_null(pointer, index)
        case .int(let number): return unsafe sqlite3_bind_int64(pointer, index, number)
        case .double(let number): return unsafe sqlite3_bind_double(pointer, index, number)
        case .text(let text): return bindText(text, at: index)
        case .bytes(let bytes):
            return unsafe bytes.withUnsafeBytes {
                unsafe csqlite_bind_blob(pointer, index, $0.baseAddress, UInt64($0.count))
            }
        case nil:
            if case .array = value {
                throw unbindable("an array", at: index, "SQLite has no arrays: bind JSON and read it with json_each")
            }
            if case .invalid(let error) = value { throw error }
            throw unbindable("NaN", at: index, "SQLite would store NULL in its place: bind nil, or a number")
        }
    }

    private func bindText(_ text: String, at index: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { unsafe csqlite_bind_text(pointer, index, $0.baseAddress, UInt64($0.count)) }
    }

    private func unbindable(_ what: String, at index: Int32, _ remedy: String) -> SQLiteError {
        SQLiteError(.mismatch, "Bind value \(index) is \(what)", sql: text, remedy: remedy)
    }

    // MARK: Running

    /// Runs to the next row. True if there is a row to read, false at the end.
    func step() throws -> Bool {
        let result = unsafe sqlite3_step(pointer)
        if result == SQLITE_ROW { return true }
        if result == SQLITE_DONE { return false }
        throw error(result)
    }

    /// Runs to the first row. SQLite may prepare the statement again here, and find other columns.
    func firstStep() throws -> Bool {
        let hasRow = try step()
        let preparations = unsafe sqlite3_stmt_status(pointer, SQLITE_STMTSTATUS_REPREPARE, 0)
        if preparations != self.preparations {
            self.preparations = preparations
            columnCount = unsafe sqlite3_column_count(pointer)
            columns = unsafe SQLColumns(names: Self.names(of: pointer, count: columnCount))
        }
        return hasRow
    }

    /// Ends a run that is complete, or that does not write; frees the bind values, and makes the statement ready for
    /// the next run. After an error of a step, the reset only repeats that error.
    func finish() {
        unsafe sqlite3_reset(pointer)
        if parameterCount > 0 { unsafe sqlite3_clear_bindings(pointer) }
    }

    /// Ends a run that may be incomplete, and otherwise works like ``finish()``. A run that writes is committed here,
    /// and can fail.
    func stop() throws {
        let result = unsafe sqlite3_reset(pointer)
        let failure = result == SQLITE_OK ? nil : error(result)
        if parameterCount > 0 { unsafe sqlite3_clear_bindings(pointer) }
        if let failure { throw failure }
    }

    // MARK: Reading

    func readRow(into rows: inout SQLRowsBuilder) {
        for column in 0..<columnCount { readValue(at: column, into: &rows) }
    }

    @inline(__always)
    private func readValue(at column: Int32, into rows: inout SQLRowsBuilder) {
        // The connection has no mutex, so the value itself may be accessed, without a lookup of the column each time:
        // https://www.sqlite.org/c3ref/value.html
        let value = unsafe sqlite3_column_value(pointer, column)
        switch unsafe sqlite3_value_type(value) {
        case SQLITE_INTEGER:
            unsafe rows.append(sqlite3_value_int64(value))
        case SQLITE_TEXT:
            // The pointer is valid until the next step, and the count must be read after it. Bytes that are not valid
            // UTF-8 become bytes, so that nothing is lost or invented.
            let start = unsafe sqlite3_value_text(value)
            let count = unsafe Int(sqlite3_value_bytes(value))
            // As many as there are, because SQLite has made them.
            unsafe rows.append(uncheckedText: UnsafeRawBufferPointer(start: start, count: count))
        case SQLITE_FLOAT:
            unsafe rows.append(sqlite3_value_double(value))
        case SQLITE_BLOB:
            let start = unsafe sqlite3_value_blob(value)
            // As many as there are, because SQLite has made them.
            unsafe rows.append(bytes: UnsafeRawBufferPointer(start: start, count: Int(sqlite3_value_bytes(value))))
        default:
            rows.appendNull()
        }
    }

    // MARK: Errors and names

    private func error(_ result: Int32) -> SQLiteError {
        unsafe Database.error(result, of: sqlite3_db_handle(pointer), sql: text)
    }

    private static func names(of pointer: OpaquePointer, count: Int32) -> [String] {
        (0..<count).map { column in
            guard let name = unsafe sqlite3_column_name(pointer, column) else { return "" }
            return unsafe String(cString: name)
        }
    }
}
