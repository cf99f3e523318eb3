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
    /// What the server has told of the statement that is being prepared, if no error comes after it.
    var learned: StatementShape?
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
    enum Copying: Sendable { case fromClient, toClient }
    /// The COPY that was asked for, while it runs.
    var copying: Copying?
    /// True until the COPY that was asked for has begun.
    private var allowsCopy: Bool
    /// True once it has.
    private(set) var hasCopied = false

    /// What comes after ``statement`` in a batch of different statements, the next one last.
    var nextStatements: [KnownStatement] = []
    /// The names under which these are being prepared, in the same order.
    var nextNames: [String?] = []
    /// True for a batch with one sync point, at its end.
    var isOneTransaction = false
    /// How many outcomes, from the first, no later failure undoes: a statement of the batch has ended the transaction.
    private(set) var endedOutcomes = 0
    /// True once something has come for the statement.
    var hasResult = false
    /// What has come of each statement of such a batch; nil outside of one.
    var outcomes: [Result<Rows, PostgresError>]?

    /// That of the rows, once some have come.
    private var shape: StatementShape?
    var columns: Columns? { shape?.columns }
    var values: [SQLValue] = []
    var rowCount = 0
    /// Of one statement, which needs no memory of its own, or of several.
    private(set) var firstResult: StatementResult?
    private(set) var laterResults: [StatementResult] = []
    /// The latest command's tag; empty for statements that return rows.
    var tag = ""
    /// Boxed, because an error is large and most exchanges have none: to look whether there is one must not copy it.
    private var failure: Failure?
    /// The first that came: those that follow are its consequences.
    var error: PostgresError? {
        get { failure?.error }
        set { failure = newValue.map(Failure.init) }
    }
    var hasFailed: Bool { failure != nil }

    private final class Failure {
        let error: PostgresError
        init(_ error: PostgresError) { self.error = error }
    }

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
        outcomes?.append(failure.map { .failure($0.error.inStatement(statement?.text)) } ?? .success(rows))
        if isOneTransaction, !hasFailed, tag == "COMMIT" || tag == "ROLLBACK" || tag == "PREPARE TRANSACTION" {
            endedOutcomes = outcomes?.count ?? 0
        }
        statement = nextStatements.popLast()
        preparedName = nextNames.popLast() ?? nil
        (shape, learned, values, failure, tag, hasResult) = (nil, nil, [], nil, "", false)
    }

    /// After the results of one statement, and before the next one's. What comes after the last one's is about the whole.
    func endResults() {
        if isOneTransaction, hasResult, statement != nil { endOutcome() }
    }

    /// True for the first COPY, if one was asked for.
    func takesCopy() -> Bool {
        guard allowsCopy else { return false }
        allowsCopy = false
        hasCopied = true
        return true
    }

    var isFull: Bool { rowCount >= rowLimit && !hasFailed }

    func note(_ result: StatementResult) {
        // Those of a batch are in its outcomes.
        if outcomes == nil, firstResult != nil { laterResults.append(result) } else { firstResult = result }
    }

    // MARK: Rows

    func append(_ result: borrowing ResultHandle) {
        if result.status == .rows { note(StatementResult(affectedRows: result.affectedRows)) }
        let rows = result.rowCount
        rowCount += rows
        // Rows that cannot be read any more are dropped.
        if dropsRows || hasFailed { return }
        guard let shape = shape ?? findShape(of: result) else { return }
        self.shape = shape
        // Taken out meanwhile, because each access to a property of an object is checked.
        var values = self.values
        self.values = []
        if let column = result.decode(shape.readers, into: &values) {
            error = .unreadable(shape.columns.names[column], shape.readers[column].type)
        }
        self.values = values
    }

    /// The statement's shape if the result has it, or else the result's own. Nil if the result cannot be read.
    private func findShape(of result: borrowing ResultHandle) -> StatementShape? {
        if let statement, let known = statement.shape {
            if known.describes(result, isPrepared: statement.name != nil) { return known }
            // What the server has told is no longer true. What is prepared is left for it to refuse.
            if statement.name == nil { statement.shape = nil }
        }
        let own = StatementShape(parameterTypes: [], of: result)
        if own.isBinary || own.readers.isEmpty || !result.columnIsBinary(0) { return own }
        error = .staleShape
        return nil
    }
}

extension Exchange {
    /// The first error counts.
    func note(_ error: PostgresError) {
        if !hasFailed { self.error = error }
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
    var firstResult: StatementResult?
    var laterResults: [StatementResult]
    var tag: String
    /// Of a batch of different statements, one for each.
    var outcomes: [Result<Rows, PostgresError>] = []

    var latestResult: StatementResult { laterResults.last ?? firstResult ?? StatementResult(affectedRows: 0) }
    var results: [StatementResult] { (firstResult.map { [$0] } ?? []) + laterResults }
}

/// What an exchange needs next.
enum ExchangeStep: Sendable {
    /// All was sent, and nothing was read since: no answer can be there that the system has not still to tell of.
    case waitForAnswer
    case waitForRead
    /// The socket took no more: wait for room, or for an answer that makes the server take more.
    case waitForReadOrWrite
    /// An encryption may hold back what has come, and does not tell: wait, and look again after a while.
    case waitAndLookAgain
    /// As many rows as were wanted are there, or a COPY has begun.
    case paused
    /// The server is ready for the next statement, or the connection is lost.
    case finished
}

extension ResultHandle {
    /// Appends the values of all rows, row by row, up to one that cannot be read, whose column it returns then.
    fileprivate func decode(_ readers: [ColumnReader], into values: inout [SQLValue]) -> Int? {
        let count = rowCount * readers.count
        if count == 0 { return nil }
        let isBinary = columnIsBinary(0)
        // Rows that come one by one.
        if rowCount == 1 {
            for column in readers.indices {
                guard let value = value(0, column, readers[column], isBinary: isBinary) else { return column }
                values.append(value)
            }
            return nil
        }
        var unreadable: Int?
        // The whole of a result, as a rule: written straight to where it stays.
        let decoded = unsafe [SQLValue](unsafeUninitializedCapacity: count) { places, initialized in
            for row in 0..<rowCount {
                for column in readers.indices {
                    guard let value = value(row, column, readers[column], isBinary: isBinary) else {
                        unreadable = column
                        return
                    }
                    unsafe places.initializeElement(at: initialized, to: value)
                    initialized += 1
                }
            }
        }
        if values.isEmpty { values = decoded } else { values += decoded }
        return unreadable
    }

    /// Nil for what is none of the column's type.
    private func value(_ row: Int, _ column: Int, _ reader: ColumnReader, isBinary: Bool) -> SQLValue? {
        let value = unsafe withValue(row, column) { bytes in
            unsafe isBinary ? reader.decodeBinary(bytes) : reader.decodeText(bytes)
        }
        // NULL has no bytes.
        guard let value else { return .null }
        return value
    }
}
