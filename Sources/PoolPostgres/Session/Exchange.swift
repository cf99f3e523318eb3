@_spi(Driver) internal import PoolCore

/// What was sent to the server and is not yet answered, and what has come of the answer. A class, so that the session
/// changes it where it is.
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
    var preparedName: StatementName?
    /// True for a statement without bind values that nothing is known of: its result tells what it returns.
    var learnsShape = false
    /// What the server has told of the statement that is being prepared, if no error comes after it.
    var learned: StatementShape?
    /// Sync points that have not come back, in pipeline mode; 0 outside of it.
    var pendingSyncs = 0
    var isPipeline = false
    var needsFlush = true
    /// True once something was read since it began, and perhaps not all that was there.
    var hasRead = false
    /// Whether the latest read has succeeded, if no step has used it yet.
    var unusedRead: Bool?
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
    var nextNames: [StatementName?] = []
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
    private var rows: RowsBuilder
    private(set) var rowCount = 0
    /// Of one statement, which needs no memory of its own, or of several.
    private(set) var firstResult: StatementResult?
    private(set) var laterResults: [StatementResult] = []
    /// For the rows that it collects.
    var resultLimit: SQLResultLimit?
    /// That the limit was passed. What comes after it is dropped.
    private(set) var excess: SQLResultLimitError?
    /// True if libpq itself holds more than the limit.
    private(set) var isOverfull = false
    /// How many bytes libpq has read, at least, of a result that it has not given out.
    private var receivedBytes = 0
    /// How many bytes the results of the batch have that were taken.
    private var takenBytes = 0
    /// True if rows have come with a column that may be an array, which nobody but the server knows.
    private(set) var hasUnknownTypes = false
    /// The types that the server is being asked about.
    var askedTypes: [UInt32] = []
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
    /// True if a statement may have come to its end before one failed.
    var hasDoneSomething: Bool { firstResult != nil || outcomes != nil }

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
        rows = RowsBuilder(expectedSize: statement?.expectedSize ?? 0)
    }

    /// Those of statements that end a transaction.
    private static let endingTags: Set = ["COMMIT", "ROLLBACK", "PREPARE TRANSACTION"]

    /// Ends one statement of a batch and begins the next.
    func endOutcome() {
        takenBytes += rows.size
        let rows = takeRows()
        outcomes?.append(failure.map { .failure($0.error.inStatement(statement?.text)) } ?? .success(rows))
        if isOneTransaction, !hasFailed, !tag.isEmpty, Self.endingTags.contains(tag) {
            endedOutcomes = outcomes?.count ?? 0
        }
        statement = nextStatements.popLast()
        preparedName = nextNames.popLast() ?? nil
        (shape, learned, failure, tag, hasResult) = (nil, nil, nil, "", false)
    }

    /// After the results of one statement, and before the next one's. What comes after the last one's is about the
    /// whole.
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

    /// Those that have come since the last ones were taken.
    func takeRows() -> Rows {
        rowCount = 0
        if rows.size > 0 { statement?.expectedSize = rows.size }
        return rows.take(columns ?? Columns(names: []))
    }

    /// - Parameter catalog: What the server has told of types so far.
    func append(_ result: borrowing ResultHandle, _ catalog: TypeCatalog) {
        if result.status == .rows { note(StatementResult(affectedRows: result.affectedRows)) }
        rowCount += result.rowCount
        // Rows that cannot be read any more are dropped.
        receivedBytes = 0
        if dropsRows || hasFailed || excess != nil { return }
        guard let shape = shape ?? findShape(of: result, catalog) else { return }
        self.shape = shape
        if shape.hasUnknownTypes { hasUnknownTypes = true }
        if let column = result.decode(shape.readers, into: &rows) {
            error = .unreadable(shape.columns.names[column], shape.readers[column].type)
        }
        excess = rows.excess(over: resultLimit, columns: shape.readers.count, earlierBytes: takenBytes)
        if excess != nil { rows = RowsBuilder() }
    }

    /// libpq has read so many bytes more.
    func noteReceived(_ count: Int) {
        guard let resultLimit, copying == nil, !isCopyingOut else { return }
        receivedBytes += count
        if receivedBytes + takenBytes <= resultLimit.bytes { return }
        isOverfull = true
        excess = excess ?? SQLResultLimitError(resultLimit, bytes: receivedBytes + takenBytes, rows: nil)
    }

    /// The statement's shape if the result has it, or else the result's own. Nil if the result cannot be read.
    private func findShape(of result: borrowing ResultHandle, _ catalog: TypeCatalog) -> StatementShape? {
        if let statement, let known = statement.shape {
            if known.describes(result) {
                if known.hasUnknownTypes { statement.shape = StatementShape(known, catalog) }
                return statement.shape
            }
            // What the server has told is no longer true.
            statement.shape = nil
        }
        let own = StatementShape(parameterTypes: [], of: result, catalog)
        learnShape(own)
        if own.isBinary || own.readers.isEmpty || !result.columnIsBinary(0) { return own }
        error = .staleShape
        return nil
    }
}

extension Exchange {
    /// The server has taken the statement without bind values, so that there is nothing more to ask about it.
    func learnShape(_ shape: StatementShape) {
        guard learnsShape, let statement, statement.shape == nil else { return }
        statement.shape = shape
        learnsShape = false
    }

    /// The first error counts.
    func note(_ error: PostgresError) {
        if !hasFailed { self.error = error }
    }

    func forgetError() { error = nil }

    func note(tag: String) { self.tag = tag }

    /// Goes on up to `limit` rows, with those that are there.
    func resume(limit: Int) { rowLimit = limit }

    /// Goes on to the end without pausing, and keeps no row.
    func dropRows() {
        dropsRows = true
        rowLimit = .max
        rows.removeAll()
    }
}

/// What an exchange has brought.
struct ExchangeResult: Sendable {
    /// Nil for a statement that returns none.
    var rows: Rows?
    var firstResult: StatementResult?
    var laterResults: [StatementResult]
    var tag: String
    /// True if a column may be an array, which nobody but the server knows.
    var hasUnknownTypes: Bool
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
