internal import PoolCore

/// What was sent to the server and is not yet answered, and what has come of the answer.
struct Exchange {
    /// Whose results they are; nil for scripts.
    var statement: KnownStatement?
    /// What the text says about its effects.
    var traits: StatementTraits = []
    /// True if the results describe the statement, and are not its rows.
    var isPreparing = false
    /// The name under which the statement is being prepared.
    var preparedName: String?
    /// Sync points that have not come back, in pipeline mode; 0 outside of it.
    var pendingSyncs = 0
    var isPipeline = false
    var needsFlush = true
    /// Rows are counted and dropped.
    var dropsRows = false
    /// The exchange pauses when it has collected so many rows.
    var rowLimit = Int.max
    /// True while a COPY to the client runs that nobody asked for.
    var isCopyingOut = false
    /// True while a COPY to or from the client runs that was asked for.
    var isCopying = false
    var allowsCopy = false

    /// What comes after ``statement`` in a batch of different statements, the next one last.
    var nextStatements: [KnownStatement] = []
    /// What has come of each statement of such a batch; nil outside of one.
    var outcomes: [Result<Rows, PostgresError>]?

    var columns: Columns?
    var values: [SQLValue] = []
    var rowCount = 0
    var results: [StatementResult] = []
    /// The latest command's tag.
    var tag = ""
    /// The first that came: those that follow are its consequences.
    var error: PostgresError?

    /// Ends one statement of a batch and begins the next.
    mutating func endOutcome() {
        let rows = Rows(columns: columns ?? Columns(names: []), values: values)
        outcomes?.append(error.map { .failure($0.inStatement(statement?.key.text)) } ?? .success(rows))
        statement = nextStatements.popLast()
        (columns, values, error) = (nil, [], nil)
    }

    var isFull: Bool { rowCount >= rowLimit }
}

/// What is held by reference is changed here, and never by an assignment through `exchange?`: of an optional in a noncopyable struct,
/// Swift 6.3.1 leaks the value that is replaced so.
extension Exchange {
    /// The first error counts.
    mutating func note(_ error: PostgresError) {
        if self.error == nil { self.error = error }
    }

    mutating func forgetError() { error = nil }

    mutating func note(tag: String) { self.tag = tag }

    /// Goes on up to `limit` rows, of which `first` are there.
    mutating func resume(_ first: [SQLValue], columnCount: Int, limit: Int) {
        values = first
        rowCount = columnCount == 0 ? 0 : first.count / columnCount
        rowLimit = limit
    }

    mutating func takeValues() -> [SQLValue] {
        defer { (values, rowCount) = ([], 0) }
        return values
    }

    /// Goes on to the end without pausing, and keeps no row.
    mutating func dropRows() {
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
    case waitForRead
    /// The socket took no more: wait for room, or for an answer that makes the server take more.
    case waitForReadOrWrite
    /// As many rows as were wanted are there, or a COPY has begun.
    case paused
    /// The server is ready for the next statement, or the connection is lost.
    case finished
}
