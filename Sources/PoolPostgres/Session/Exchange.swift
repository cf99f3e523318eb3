internal import PoolCore

/// What was sent to the server and is not yet answered, and what has come of the answer. A class, so that the session changes
/// it where it is.
final class Exchange {
    /// Whose results they are; nil for scripts.
    var statement: KnownStatement?
    /// What the text says about its effects.
    let traits: StatementTraits
    /// True for a command of the driver's own.
    let isOwn: Bool
    /// True if the results describe the statement, and are not its rows.
    let isPreparing: Bool
    /// The name under which the statement is being prepared.
    var preparedName: String?
    /// Sync points that have not come back, in pipeline mode; 0 outside of it.
    var pendingSyncs = 0
    var isPipeline = false
    var needsFlush = true
    /// True once something was read since it began, and perhaps not all that was there.
    var hasRead = false
    /// Rows are counted and dropped.
    var dropsRows = false
    /// The exchange pauses when it has collected so many rows.
    var rowLimit = Int.max
    /// True while a COPY to the client runs that nobody asked for.
    var isCopyingOut = false
    /// True while a COPY to or from the client runs that was asked for.
    var isCopying = false
    let allowsCopy: Bool

    /// What comes after ``statement`` in a batch of different statements, the next one last.
    var nextStatements: [KnownStatement] = []
    /// What has come of each statement of such a batch; nil outside of one.
    var outcomes: [Result<Rows, PostgresError>]?

    var columns: Columns?
    var values: [SQLValue] = []
    var rowCount = 0
    var results: [StatementResult] = []
    /// The latest command's tag; empty for statements that return rows.
    var tag = ""
    /// The first that came: those that follow are its consequences.
    var error: PostgresError?

    init(
        statement: KnownStatement? = nil, traits: StatementTraits = [], isOwn: Bool = false, isPreparing: Bool = false,
        dropsRows: Bool = false, allowsCopy: Bool = false
    ) {
        self.statement = statement
        self.traits = traits
        self.isOwn = isOwn
        self.isPreparing = isPreparing
        self.dropsRows = dropsRows
        self.allowsCopy = allowsCopy
    }

    /// Ends one statement of a batch and begins the next.
    func endOutcome() {
        let rows = Rows(columns: columns ?? Columns(names: []), values: values)
        outcomes?.append(error.map { .failure($0.inStatement(statement?.key.text)) } ?? .success(rows))
        statement = nextStatements.popLast()
        (columns, values, error) = (nil, [], nil)
    }

    var isFull: Bool { rowCount >= rowLimit }

    // MARK: Rows

    func append(_ result: borrowing ResultHandle) {
        if result.status == .rows { results.append(StatementResult(affectedRows: result.affectedRows)) }
        let rows = result.rowCount
        rowCount += rows
        if dropsRows { return }
        let shape = shape(of: result)
        if columns == nil { columns = shape.columns }
        // Taken out meanwhile, because each access to a property of an object is checked.
        var values = self.values
        self.values = []
        result.decode(shape.readers, into: &values)
        self.values = values
    }

    /// The statement's shape if the result has it, or else the result's own.
    private func shape(of result: borrowing ResultHandle) -> StatementShape {
        if let shape = statement?.shape, shape.describes(result) { return shape }
        return StatementShape(parameterTypes: [], of: result)
    }
}

extension StatementShape {
    /// The columns of a result, or of a statement that was described.
    init(parameterTypes: [UInt32], of result: borrowing ResultHandle) {
        var names: [String] = []
        var types: [UInt32] = []
        for column in 0..<result.columnCount {
            names.append(result.columnName(column))
            types.append(result.columnType(column))
        }
        self.init(parameterTypes: parameterTypes, names: names, types: types)
    }

    fileprivate func describes(_ result: borrowing ResultHandle) -> Bool {
        guard readers.count == result.columnCount else { return false }
        for column in readers.indices where readers[column].type != result.columnType(column) { return false }
        return true
    }
}

extension Exchange {
    /// The first error counts.
    func note(_ error: PostgresError) {
        if self.error == nil { self.error = error }
    }

    func forgetError() { error = nil }

    func note(tag: String) { self.tag = tag }

    /// Goes on up to `limit` rows, of which `first` are there.
    func resume(_ first: [SQLValue], columnCount: Int, limit: Int) {
        values = first
        rowCount = columnCount == 0 ? 0 : first.count / columnCount
        rowLimit = limit
    }

    func takeValues() -> [SQLValue] {
        defer { (values, rowCount) = ([], 0) }
        return values
    }

    /// Goes on to the end without pausing, and keeps no row.
    func dropRows() {
        dropsRows = true
        rowLimit = .max
        values = []
    }
}

/// What an exchange has brought.
struct ExchangeResult: Sendable {
    var columns: Columns?
    var values: [SQLValue]
    var results: [StatementResult]
    var tag: String
    /// Of a batch of different statements, one for each.
    var outcomes: [Result<Rows, PostgresError>] = []
}

/// What an exchange needs next.
enum ExchangeStep: Sendable {
    /// All was sent, and nothing was read since: no answer can be there that the system has not still to tell of.
    case waitForAnswer
    case waitForRead
    /// The socket took no more: wait for room, or for an answer that makes the server take more.
    case waitForReadOrWrite
    /// As many rows as were wanted are there, or a COPY has begun.
    case paused
    /// The server is ready for the next statement, or the connection is lost.
    case finished
}

extension ResultHandle {
    /// Appends the values of all rows, row by row.
    fileprivate func decode(_ readers: [ColumnReader], into values: inout [SQLValue]) {
        let count = rowCount * readers.count
        if count == 0 { return }
        let isBinary = columnIsBinary(0)
        // Rows that come one by one.
        if rowCount == 1 {
            for column in readers.indices { values.append(value(0, column, readers[column], isBinary: isBinary)) }
            return
        }
        // The whole of a result, as a rule: written straight to where it stays.
        let decoded = unsafe [SQLValue](unsafeUninitializedCapacity: count) { places, initialized in
            for row in 0..<rowCount {
                for column in readers.indices {
                    unsafe places.initializeElement(
                        at: initialized, to: value(row, column, readers[column], isBinary: isBinary))
                    initialized += 1
                }
            }
        }
        if values.isEmpty { values = decoded } else { values += decoded }
    }

    private func value(_ row: Int, _ column: Int, _ reader: ColumnReader, isBinary: Bool) -> SQLValue {
        let value = unsafe withValue(row, column) { bytes in
            unsafe isBinary ? reader.decodeBinary(bytes) : reader.decodeText(bytes)
        }
        return value ?? .null
    }
}
