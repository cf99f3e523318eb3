@_spi(Driver) internal import PoolSQL

/// A request to the server that is not answered yet, and the answer as far as it has arrived. A class, so that the
/// session changes it in place.
final class Exchange {
    /// The statement that the results belong to; nil for scripts.
    var statement: KnownStatement?
    /// The effects that the statement's text shows.
    let traits: StatementTraits
    /// True for a command of the driver's own.
    let isOwn: Bool
    /// True if the results describe the statement, and are not its rows.
    let isPreparing: Bool
    /// The name under which the statement is being prepared.
    var preparedName: StatementName?
    /// True for an unknown statement without bind values, whose result describes what it returns.
    var learnsShape = false
    /// The server's description of the statement that is being prepared, if no error follows it.
    var learned: StatementShape?
    /// The sync points that have not been answered yet, in pipeline mode; 0 outside of it.
    var pendingSyncs = 0
    var isPipeline = false
    var needsFlush = true
    /// True once something was read in this exchange, and perhaps not all that was there.
    var hasRead = false
    /// Whether the latest read succeeded, if no step has used it yet.
    var unusedRead: Bool?
    /// True if rows are counted and dropped.
    var dropsRows = false
    /// The number of collected rows at which the exchange pauses.
    var rowLimit = Int.max
    /// True while a COPY to the client runs whose data is dropped.
    var isCopyingOut = false
    enum Copying: Sendable { case fromClient, toClient }
    /// The requested COPY, while it runs.
    var copying: Copying?
    /// True until the requested COPY has begun.
    private var allowsCopy: Bool
    /// True once the requested COPY has begun.
    private(set) var hasCopied = false

    /// The further statements of a batch after ``statement``, the next one last.
    var nextStatements: [KnownStatement] = []
    /// The names under which ``nextStatements`` are being prepared, in the same order.
    var nextNames: [StatementName?] = []
    /// True for a batch with one sync point, at its end.
    var isOneTransaction = false
    /// The number of outcomes, from the first, that no later failure undoes: a statement of the batch has ended the
    /// transaction.
    private(set) var endedOutcomes = 0
    /// True once any result of the statement has arrived.
    var hasResult = false
    /// The outcome of each statement of a batch of different statements; nil outside of one.
    var outcomes: [Result<SQLRows, PostgresError>]?

    /// The shape of the rows, once some have arrived.
    private var shape: StatementShape?
    var columns: SQLColumns? { shape?.columns }
    private var rows: SQLRowsBuilder
    private(set) var rowCount = 0
    /// The result of the first statement, stored without an allocation; the others follow in `laterResults`.
    private(set) var firstResult: SQLStatementResult?
    private(set) var laterResults: [SQLStatementResult] = []
    /// The limit for the rows that the exchange collects.
    var resultLimit: SQLResultLimit?
    /// Set once the limit was exceeded; later rows are dropped.
    private(set) var excess: SQLResultLimitError?
    /// True if libpq itself holds more than the limit.
    private(set) var isOverfull = false
    /// The minimum of bytes that libpq has read of a result that it has not returned yet.
    private var receivedBytes = 0
    /// The bytes of the batch's results that were taken.
    private var takenBytes = 0
    /// True if rows have arrived with a column that may be an array, which only the server knows.
    private(set) var hasUnknownTypes = false
    /// The types about which the server is being asked.
    var askedTypes: [UInt32] = []
    /// The latest command's tag; empty for statements that return rows.
    var tag = ""
    /// Boxed, because an error is large and most exchanges have none: checking for one must not copy it.
    private var failure: Failure?
    /// The first error; later ones are its consequences.
    var error: PostgresError? {
        get { failure?.error }
        set { failure = newValue.map(Failure.init) }
    }
    var hasFailed: Bool { failure != nil }
    /// True if a statement may have completed before one failed.
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
        rows = SQLRowsBuilder(expectedSize: statement?.expectedSize ?? 0)
    }

    /// The tags of the commands that end a transaction.
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

    /// Between two statements of a pipeline: closes the current outcome. Results after the last statement belong to
    /// the batch.
    func endResults() {
        if isOneTransaction, hasResult, statement != nil { endOutcome() }
    }

    /// True for the first COPY, if one was requested.
    func takesCopy() -> Bool {
        guard allowsCopy else { return false }
        allowsCopy = false
        hasCopied = true
        return true
    }

    var isFull: Bool { rowCount >= rowLimit && !hasFailed }

    func note(_ result: SQLStatementResult) {
        // The results of a batch are in its outcomes.
        if outcomes == nil, firstResult != nil { laterResults.append(result) } else { firstResult = result }
    }

    // MARK: Rows

    /// Takes the rows that have arrived since the last call.
    func takeRows() -> SQLRows {
        rowCount = 0
        if rows.size > 0 { statement?.expectedSize = rows.size }
        return rows.take(columns ?? SQLColumns(names: []))
    }

    /// Appends the rows of a result.
    ///
    /// - Parameter catalog: The types that the server has described so far.
    func append(_ result: borrowing ResultHandle, _ catalog: TypeCatalog) {
        if result.status == .rows { note(SQLStatementResult(affectedRows: result.affectedRows)) }
        rowCount += result.rowCount
        // Rows that have become unreadable are dropped.
        receivedBytes = 0
        if dropsRows || hasFailed || excess != nil { return }
        guard let shape = shape ?? findShape(of: result, catalog) else { return }
        self.shape = shape
        if shape.hasUnknownTypes { hasUnknownTypes = true }
        if let column = result.decode(shape.readers, into: &rows) {
            error = .unreadable(shape.columns.names[column], shape.readers[column].type)
        }
        excess = rows.excess(over: resultLimit, columns: shape.readers.count, earlierBytes: takenBytes)
        if excess != nil { rows = SQLRowsBuilder() }
    }

    /// Notes that libpq has read `count` more bytes.
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
            // The server's earlier description is no longer true.
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
    /// Keeps the result's shape: the server has accepted the statement without bind values, so nothing remains to
    /// ask.
    func learnShape(_ shape: StatementShape) {
        guard learnsShape, let statement, statement.shape == nil else { return }
        statement.shape = shape
        learnsShape = false
    }

    /// Notes an error; the first one counts.
    func note(_ error: PostgresError) {
        if !hasFailed { self.error = error }
    }

    func forgetError() { error = nil }

    func note(tag: String) { self.tag = tag }

    /// Continues up to `limit` rows, including those that are there.
    func resume(limit: Int) { rowLimit = limit }

    /// Continues to the end without pausing, and keeps no rows.
    func dropRows() {
        dropsRows = true
        rowLimit = .max
        rows.removeAll()
    }
}

/// The results of an exchange.
struct ExchangeResult: Sendable {
    /// The rows; nil for a statement that returns none.
    var rows: SQLRows?
    var firstResult: SQLStatementResult?
    var laterResults: [SQLStatementResult]
    var tag: String
    /// True if a column may be an array, which only the server knows.
    var hasUnknownTypes: Bool
    /// The outcomes of a batch of different statements, one for each; else empty.
    var outcomes: [Result<SQLRows, PostgresError>] = []

    var latestResult: SQLStatementResult { laterResults.last ?? firstResult ?? SQLStatementResult(affectedRows: 0) }
    var results: [SQLStatementResult] { (firstResult.map { [$0] } ?? []) + laterResults }
}

/// The next thing that an exchange needs.
enum ExchangeStep: Sendable {
    /// All was sent, and nothing was read since: the system will still report any answer.
    case waitForAnswer
    case waitForRead
    /// The socket accepts no more: wait for room, or for an answer that makes the server read more.
    case waitForReadOrWrite
    /// An encryption that cannot be asked may hold back input: wait, and check again after a pause.
    case waitAndLookAgain
    /// The wanted number of rows has arrived, or a COPY has begun.
    case paused
    /// The server is ready for the next statement, or the connection is lost.
    case finished
}
