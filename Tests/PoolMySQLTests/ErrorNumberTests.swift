import PoolMySQL
import PoolTesting
import Testing

@Suite("What the error numbers of MySQL mean", .timeLimit(.minutes(2)))
struct ErrorNumberTests {
    private func driver(_ server: ScriptedServer) throws -> MySQLDriver {
        MySQLDriver(
            configuration: try MySQLConfiguration(
                .tcp(host: "127.0.0.1", port: Int(server.port)), user: "app", tls: .init(mode: .disabled)))
    }

    @Test(
        "an error in place of a session has its verdict",
        arguments: [
            (1040, "08004", "Too many connections", PoolVerdict.serverFull),
            (1203, "42000", "User app already has more than 'max_user_connections' active connections", .serverFull),
            (1226, "42000", "User 'app' has exceeded the 'max_user_connections' resource", .serverFull),
            (1053, "08S01", "Server shutdown in progress", .serverStarting),
            (1045, "28000", "Access denied", .refused), (3118, "HY000", "Account is locked", .refused),
        ])
    func inLogin(number: Int, state: String, message: String, verdict: PoolVerdict) async throws {
        let server = try ScriptedServer { client in
            try client.send(0, ScriptedServer.greeting())
            let answer = try client.receive()
            try client.send(answer.number + 1, ScriptedServer.error(number, state, message))
            client.waitForEnd()
            return [1]
        }
        let driver = try driver(server)
        let error = await #expect(throws: MySQLError.self) { _ = try await connect(driver) }
        #expect(error?.code.rawValue == UInt32(number))
        #expect(error?.sqlState == state)
        #expect(driver.verdict(on: error ?? MySQLTestFailure()) == verdict, "\(String(describing: error))")
        #expect(await server.result() == [1])
    }

    struct Case: Sendable {
        let number: Int
        let state: String
        let message: String
        let verdict: PoolVerdict
        /// The server keeps a message of the error, which a reset takes away.
        var condition = ConnectionCondition.dirty
        var allowsRetry = false
    }

    @Test(
        "an error of a statement has its verdict, and the connection the condition that fits it",
        arguments: [
            Case(
                number: 1053, state: "08S01", message: "Server shutdown in progress", verdict: .discardGeneration,
                condition: .generationBroken),
            Case(
                number: 4031, state: "HY000",
                message: "The client was disconnected by the server because of inactivity",
                verdict: .discard, condition: .broken),
            Case(number: 1927, state: "70100", message: "Connection was killed", verdict: .discard, condition: .broken),
            Case(
                number: 1836, state: "HY000", message: "Running in read-only mode", verdict: .endpointReadOnly,
                condition: .generationBroken),
            Case(
                number: 1290, state: "HY000",
                message:
                    "The MySQL server is running with the --super-read-only option so it cannot execute this statement",
                verdict: .endpointReadOnly, condition: .generationBroken),
            Case(
                number: 1290, state: "HY000",
                message:
                    "The MySQL server is running with the --secure-file-priv option so it cannot execute this statement",
                verdict: .keep),
            Case(
                number: 1047, state: "08S01", message: "WSREP has not yet prepared node for application use",
                verdict: .discard, condition: .broken),
            Case(number: 1047, state: "08S01", message: "Unknown command", verdict: .keep),
            Case(
                number: 1020, state: "HY000", message: "Record has changed since last read in table 't'",
                verdict: .keep,
                allowsRetry: true),
            Case(
                number: 1205, state: "HY000", message: "Lock wait timeout exceeded; try restarting transaction",
                verdict: .keep, allowsRetry: true),
            Case(number: 1213, state: "40001", message: "Deadlock found", verdict: .keep, allowsRetry: true),
            Case(
                number: 1615, state: "HY000", message: "Prepared statement needs to be re-prepared",
                verdict: .statementsStale),
            Case(number: 1792, state: "25006", message: "Cannot execute in a READ ONLY transaction", verdict: .keep),
            Case(number: 1969, state: "70100", message: "max_statement_time exceeded", verdict: .keep),
            Case(number: 3024, state: "HY000", message: "maximum statement execution time exceeded", verdict: .keep),
        ])
    func ofStatement(given: Case) async throws {
        let server = try ScriptedServer { client in
            try client.beginSession()
            let statement = try client.receive()
            try client.send(1, ScriptedServer.error(given.number, given.state, given.message))
            client.waitForEnd()
            return Array(statement.bytes.dropFirst())
        }
        let driver = try driver(server)
        let connection = try await connect(driver)
        let error = await #expect(throws: MySQLError.self) { _ = try await connection.execute("DO 1") }
        #expect(error?.code.rawValue == UInt32(given.number))
        #expect(error?.message == given.message)
        #expect(driver.verdict(on: error ?? MySQLTestFailure()) == given.verdict)
        #expect(driver.canRetryTransaction(after: error ?? MySQLTestFailure()) == given.allowsRetry)
        #expect(connection.condition == given.condition)
        await connection.close(.forced)
        #expect(await server.result() == Array("DO 1".utf8))
    }

    @Test("an idle session that MySQL 8 ends with a word about it is broken before anybody uses it")
    func idleTimeout() async throws {
        let server = try ScriptedServer { client in
            try client.beginSession()
            try client.send(0, ScriptedServer.error(4031, "HY000", "The client was disconnected because of inactivity"))
            return [1]
        }
        let driver = try driver(server)
        let connection = try await connect(driver)
        while connection.condition == .clean { await Task.yield() }
        #expect(connection.condition == .broken)
        await connection.close(.orderly)
        #expect(await server.result() == [1])
    }
}

extension ScriptedServer {
    static func error(_ number: Int, _ state: String, _ message: String) -> [UInt8] {
        [0xFF, UInt8(number & 255), UInt8(number >> 8)] + Array("#\(state)\(message)".utf8)
    }
}

extension ScriptedClient {
    private static let done: [UInt8] = [0, 0, 0, 2, 0, 0, 0]

    /// Takes the login and the driver's first three statements: it knows no roles, and has no variables.
    fileprivate func beginSession() throws {
        try send(0, ScriptedServer.greeting())
        try send(try receive().number + 1, Self.done)
        _ = try receive()
        try send(1, Self.done)
        _ = try receive()
        try send(1, ScriptedServer.error(1305, "42000", "FUNCTION CURRENT_ROLE does not exist"))
        _ = try receive()
        let column: [UInt8] =
            [3] + Array("def".utf8) + [0, 0, 0, 1, UInt8(ascii: "n"), 0, 12, 45, 0, 64, 0, 0, 0, 253, 0, 0, 0, 0, 0]
        let end: [UInt8] = [0xFE, 0, 0, 2, 0]
        for (index, packet) in [[2], column, column, end, end].enumerated() { try send(UInt8(index + 1), packet) }
    }
}
