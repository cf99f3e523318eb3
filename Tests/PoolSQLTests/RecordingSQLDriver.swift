@_spi(Driver) import PoolSQL
import Synchronization

/// A driver whose only connection records what it is asked to do, and fails where it is told to.
struct RecordingSQLDriver: SQLDriver {
    let connection: RecordingSQLConnection
    let name = "recording"

    func connect(_ request: ConnectRequest) async throws -> RecordingSQLConnection { connection }
    func verdict(on error: any Error) -> PoolVerdict { .keep }

    func canRetryTransaction(after error: any Error) -> Bool {
        (error as? RecordedFailure)?.isRetryable ?? false
    }
}

struct RecordedFailure: Error, Equatable {
    var command: String
    var isRetryable = false
}

/// The command in the log is what makes a failure: `failNext("commit")`.
final class RecordingSQLConnection: SQLConnection {
    private struct State {
        var log: [String] = []
        var failures: [String: RecordedFailure] = [:]
        var rows = SQLRows(columns: SQLColumns(names: ["n"]), values: [])
        var description = SQLStatementDescription(parameterCount: 0, columnNames: [])
        var largestFetch = 0
    }

    private let state = Mutex(State())

    var log: [String] { state.withLock(\.log) }
    var condition: ConnectionCondition { .clean }

    func validate() async throws {}
    func reset() async throws {}
    func close(_ mode: ConnectionCloseMode) async {}

    func failNext(_ command: String, retryable: Bool = false) {
        state.withLock { $0.failures[command] = RecordedFailure(command: command, isRetryable: retryable) }
    }

    func returnRows(_ rows: SQLRows) {
        state.withLock { $0.rows = rows }
    }

    func describeStatements(as description: SQLStatementDescription) {
        state.withLock { $0.description = description }
    }

    fileprivate func perform(_ command: String) throws {
        try state.withLock {
            $0.log.append(command)
            if let failure = $0.failures.removeValue(forKey: command) { throw failure }
        }
    }

    private func perform(_ command: String, _ sql: SQL) throws {
        try Task.checkCancellation()
        let (text, binds) = try sql.rendered(in: SQLDialect(placeholder: .dollarNumber, identifierQuote: "\""))
        try perform(binds.isEmpty ? "\(command) \(text)" : "\(command) \(text) \(binds)")
    }

    func cancel() {}

    var isTransactionOpen: Bool { false }

    func execute(_ sql: SQL) async throws -> SQLStatementResult {
        try perform("execute", sql)
        return SQLStatementResult(affectedRows: 1)
    }

    func query(_ sql: SQL) async throws -> SQLRows {
        try perform("query", sql)
        return state.withLock(\.rows)
    }

    func open(_ sql: SQL) async throws -> RecordingSQLCursor {
        try perform("open", sql)
        return RecordingSQLCursor(connection: self, rows: state.withLock(\.rows))
    }

    func executeBatch(_ sql: SQL, _ bindSets: [[SQLValue]]) async throws -> [SQLStatementResult] {
        try perform("batch \(bindSets) of", sql)
        return bindSets.map { _ in SQLStatementResult(affectedRows: 1) }
    }

    func executeScript(_ script: String) async throws {
        try perform("script \(script)")
    }

    func prepare(_ sql: SQL) async throws -> SQLStatementDescription {
        try perform("prepare", sql)
        return state.withLock(\.description)
    }

    func transaction(_ command: SQLTransactionCommand) async throws {
        switch command {
        case .begin(let options): try perform(options.isolation.map { "begin \($0)" } ?? "begin")
        case .commit: try perform("commit")
        case .rollback: try perform("rollback")
        case .savepoint(let depth): try perform("savepoint \(depth)")
        case .releaseSavepoint(let depth): try perform("release \(depth)")
        case .rollbackToSavepoint(let depth): try perform("rollback to \(depth)")
        }
    }
}

final class RecordingSQLCursor: SQLCursor {
    private let connection: RecordingSQLConnection
    private let rows: SQLRows
    private let position = Mutex(0)

    var columns: SQLColumns { rows.columns }

    init(connection: RecordingSQLConnection, rows: SQLRows) {
        self.connection = connection
        self.rows = rows
    }

    func next(maximumRows: Int) async throws -> SQLRows? {
        try Task.checkCancellation()
        let start = position.withLock { $0 }
        try connection.perform("fetch \(maximumRows) at \(start)")
        let end = min(start + maximumRows, rows.count)
        guard start < end else { return nil }
        position.withLock { $0 = end }
        return SQLRows(columns: rows.columns, values: rows[start..<end].flatMap(\.values))
    }

    func close() async throws {
        try connection.perform("close")
    }
}

/// A session on a recording connection, without a pool.
struct RecordingSession: ~Copyable, SQLSession {
    let handle: ConnectionHandle<RecordingSQLDriver>

    init(_ connection: RecordingSQLConnection) {
        handle = ConnectionHandle(connection: connection, driver: RecordingSQLDriver(connection: connection))
    }
}
