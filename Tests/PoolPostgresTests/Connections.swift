import Logging
import PoolPostgres
import Testing

/// A connection without a pool.
@discardableResult
func withConnection<Result>(
    _ change: (inout PostgresTestSettings) -> Void = { _ in },
    _ body: (PostgresDriver, PostgresConnection) async throws -> Result
) async throws -> Result {
    let server = try PrivatePostgres.shared.get()
    var settings = PostgresTestSettings()
    change(&settings)
    let driver = PostgresDriver(configuration: try settings.configuration(server))
    let connection = try await connect(driver)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(driver, connection)) } catch { result = .failure(error) }
    await connection.close(.orderly)
    return try result.get()
}

func connect(_ driver: PostgresDriver) async throws -> PostgresConnection {
    let lane = driver.lanes(maximumConnections: 1)[0]
    return try await driver.connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
}

/// A pool of the shared server.
@discardableResult
func withPool<Result>(
    _ maximumConnections: Int = 4, _ change: (inout PostgresTestSettings) -> Void = { _ in },
    _ body: (PostgresPool) async throws -> Result
) async throws -> Result {
    let server = try PrivatePostgres.shared.get()
    var settings = PostgresTestSettings()
    change(&settings)
    let pool = try PostgresPool(
        database: settings.configuration(server),
        configuration: PoolConfiguration(name: "test", maximumConnections: maximumConnections))
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(pool)) } catch { result = .failure(error) }
    try await pool.close(drain: .seconds(5))
    return try result.get()
}

/// What a test may want otherwise.
struct PostgresTestSettings {
    var more = ""
    var statementCacheCapacity = 100
    var prepareThreshold = 2
    var cancelTimeout = Duration.seconds(20)
    var execution = SQLExecution.caller
    var resetPolicy = SQLResetPolicy.smart

    func configuration(_ server: PrivatePostgres) throws -> PostgresConfiguration {
        try PostgresConfiguration(
            server.connection(more: more), statementCacheCapacity: statementCacheCapacity,
            prepareThreshold: prepareThreshold, cancelTimeout: cancelTimeout, execution: execution,
            resetPolicy: resetPolicy)
    }
}

extension PostgresConnection {
    func values(_ sql: SQL) async throws -> [SQLValue] {
        try await query(sql).flatMap { Array($0.values) }
    }
}

// MARK: Any server

/// A connection with settings of the test's own, without a pool.
@discardableResult
func withConnection<Result>(
    to settings: String, _ body: (PostgresDriver, PostgresConnection) async throws -> Result
) async throws -> Result {
    let driver = PostgresDriver(configuration: try PostgresConfiguration(settings))
    let connection = try await connect(driver)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(driver, connection)) } catch { result = .failure(error) }
    await connection.close(.orderly)
    return try result.get()
}

/// A pool with settings of the test's own.
func withPool(
    to settings: String, _ configuration: PoolConfiguration, logger: Logger? = nil,
    _ body: (PostgresPool) async throws -> Void
) async throws {
    let pool = try PostgresPool(
        database: PostgresConfiguration(settings), configuration: configuration, logger: logger)
    let result: Swift.Result<Void, any Error>
    do { result = .success(try await body(pool)) } catch { result = .failure(error) }
    try await pool.close(drain: .seconds(5))
    try result.get()
}

/// The error of a connect, and what it means for the pool.
func connectFailure(
    _ settings: String, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> (error: PostgresError, verdict: PoolVerdict) {
    let driver = PostgresDriver(configuration: try PostgresConfiguration(settings))
    let connection: PostgresConnection
    do {
        connection = try await connect(driver)
    } catch let error as PostgresError {
        return (error, driver.verdict(on: error))
    }
    await connection.close(.orderly)
    Issue.record("the connect has succeeded", sourceLocation: sourceLocation)
    throw CancellationError()
}

/// The error of a connect that only a person can mend.
func refusal(_ settings: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> PostgresError {
    let (error, verdict) = try await connectFailure(settings, sourceLocation: sourceLocation)
    #expect(verdict == .refused, "\(error)", sourceLocation: sourceLocation)
    return error
}
