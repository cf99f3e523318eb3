import Foundation
import Synchronization
import Testing

@testable import PoolSQLite

/// A folder of the test's own, removed with all that is in it.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        EngineSelfCheck.switchOn()
        path = FileManager.default.temporaryDirectory.appendingPathComponent("pool-sqlite-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String = "test.db") -> String { path + "/" + name }
}

/// A driver on a database of the test's own.
struct TestDatabase {
    let folder = TemporaryFolder()
    let driver: SQLiteDriver

    init(
        isReadOnly: Bool = false, createsFile: Bool = true, pageSize: Int? = nil,
        journalMode: SQLiteConfiguration.JournalMode = .wal, busyTimeout: Duration = .milliseconds(20),
        pragmas: [SQLiteConfiguration.Pragma] = [], statementCacheCapacity: Int = 100,
        execution: SQLExecution = .driver, maximumPages: Int? = nil,
        functions: [SQLiteFunction] = [], timestampText: SQLiteConfiguration.TimestampText = .sqlite,
        acceptsQuotedTexts: Bool = false, temporaryTables: SQLTemporaryTables = .dropped
    ) throws {
        driver = SQLiteDriver(
            configuration: try SQLiteConfiguration(
                .path(folder.file()), isReadOnly: isReadOnly, createsFile: createsFile, pageSize: pageSize,
                journalMode: journalMode, busyTimeout: busyTimeout, pragmas: pragmas,
                statementCacheCapacity: statementCacheCapacity, execution: execution, maximumPages: maximumPages,
                functions: functions, timestampText: timestampText,
                acceptsQuotedTexts: acceptsQuotedTexts, temporaryTables: temporaryTables))
    }

    var path: String { folder.file() }

    /// Opens a connection for `body` and closes it afterwards.
    func with<Result>(
        _ role: LaneRole = .main, _ body: (SQLiteConnection) async throws -> Result
    ) async throws -> Result {
        try await driver.with(role, body)
    }
}

extension SQLiteDriver {
    func connect(_ role: LaneRole) async throws -> SQLiteConnection {
        let lane = PoolLaneConfiguration(name: role.rawValue, target: role.rawValue, maximumConnections: 1)
        return try await connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
    }

    func with<Result>(
        _ role: LaneRole = .main, _ body: (SQLiteConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await connect(role)
        do {
            let result = try await body(connection)
            await connection.close(.orderly)
            return result
        } catch {
            await connection.close(.orderly)
            throw error
        }
    }
}

extension SQLiteConnection {
    @discardableResult
    func run(_ text: String, _ binds: SQLValue...) async throws -> SQLStatementResult {
        try await execute(SQL(raw: text, binds: binds))
    }

    /// The rows, value by value.
    func rows(_ text: String, _ binds: SQLValue...) async throws -> [[SQLValue]] {
        try await query(SQL(raw: text, binds: binds)).map { Array($0.values) }
    }

    /// The only value of the only row.
    func value(_ text: String, _ binds: SQLValue...) async throws -> SQLValue {
        let rows = try await query(SQL(raw: text, binds: binds))
        try #require(rows.count == 1 && rows.columns.count == 1)
        return try #require(rows[0].values.first)
    }
}

/// The error that `body` throws, which must be an ``SQLiteError``.
func sqliteError(
    _ body: () async throws -> some Any, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> SQLiteError {
    do {
        _ = try await body()
    } catch let error as SQLiteError {
        return error
    } catch {
        Issue.record("\(error) is not an SQLiteError", sourceLocation: sourceLocation)
        throw error
    }
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    throw CancellationError()
}

/// Tells a task that something has begun on another thread.
final class Signal: Sendable {
    private struct State {
        var hasFired = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    func fire() {
        let (waiters, action) = state.withLock { state in
            state.hasFired = true
            defer { state.waiters = [] }
            return (state.waiters, state.action)
        }
        for waiter in waiters { waiter.resume() }
        action?()
    }

    /// Has `action` run on the thread that fires, each time.
    func onFire(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.action = action }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let hasFired = state.withLock { state in
                if !state.hasFired { state.waiters.append(continuation) }
                return state.hasFired
            }
            if hasFired { continuation.resume() }
        }
    }

    /// A function for SQL that fires the signal and returns its argument.
    var function: SQLiteFunction {
        SQLiteFunction("signal", argumentCount: 1) { arguments in
            self.fire()
            return arguments[0]
        }
    }

    /// Runs until it is interrupted, after it has fired the signal.
    static let endlessQuery =
        "WITH RECURSIVE endless(n) AS (SELECT signal(1) UNION ALL SELECT n + 1 FROM endless) SELECT max(n) FROM endless"
}

/// The name of the thread that runs now, as the system knows it.
func currentThreadName() -> String {
    #if os(Linux)
    let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
    return name?.trimmingCharacters(in: .newlines) ?? ""
    #else
    return Thread.current.name ?? ""
    #endif
}
