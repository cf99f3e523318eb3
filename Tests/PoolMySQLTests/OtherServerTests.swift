import Foundation
import PoolMySQL
import ServerTestSupport
import Synchronization
import Testing

extension MySQLTests {
    @Suite("Connects that hang, and servers that are others", .timeLimit(.minutes(2)))
    struct OtherServerTests {
        enum Silence: CaseIterable {
            case inHandshake, inLogin, afterLogin
        }

        /// Speaks until the moment of `silence`.
        private static func server(_ silence: Silence, _ hasCome: Flag) throws -> ScriptedServer {
            try ScriptedServer { client in
                try client.send(0, ScriptedServer.greeting(hasTLS: silence == .inHandshake))
                let answer = try client.receive()
                if silence == .afterLogin {
                    try client.send(answer.number + 1, [0, 0, 0, 2, 0, 0, 0])
                    _ = try client.receive()
                }
                hasCome.set()
                client.waitForEnd()
                return [1]
            }
        }

        private func driver(_ server: ScriptedServer, _ silence: Silence, seconds: Int) throws -> MySQLDriver {
            MySQLDriver(
                configuration: try MySQLConfiguration(
                    .tcp(host: "127.0.0.1", port: Int(server.port)), user: "app", password: "a secret",
                    tls: .init(mode: silence == .inHandshake ? .required : .disabled),
                    connectTimeout: .seconds(seconds)))
        }

        @Test("a server that falls silent costs a connect its time-out, wherever that is", arguments: Silence.allCases)
        func late(silence: Silence) async throws {
            let server = try Self.server(silence, Flag())
            let driver = try driver(server, silence, seconds: 1)
            let start = ContinuousClock.now
            let error = await #expect(throws: MySQLError.self) { _ = try await connect(driver) }
            #expect(error?.code == .serverLost, "\(String(describing: error))")
            #expect(driver.verdict(on: error ?? MySQLTestFailure()) == .discard)
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(await server.result() == [1])
        }

        @Test(
            "a connect to a server that falls silent is cancelled at once, wherever that is",
            arguments: Silence.allCases)
        func cancelled(silence: Silence) async throws {
            let hasCome = Flag()
            let server = try Self.server(silence, hasCome)
            let driver = try driver(server, silence, seconds: 60)
            let task = Task { try await connect(driver) }
            while !hasCome.isSet { await Task.yield() }
            let start = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(ContinuousClock.now - start < .seconds(2))
            #expect(await server.result() == [1])
        }

        @Test("a statement of a connection that is closed by force ends on the server")
        func abandoned() async throws {
            let server = try PrivateMariaDB.shared.get()
            let driver = MySQLDriver(configuration: try MySQLTestSettings().configuration(server))
            let connection = try await connect(driver)
            // It looks whether its client is there as little as any other statement that computes.
            let text = "SELECT BENCHMARK(4000000000, SHA2('x', 512))"
            let task = Task { try await connection.query(SQL(raw: text)) }
            try await waitForProcess(text)
            await connection.close(.forced)
            await #expect(throws: MySQLError.self) { _ = try await task.value }
            let administrator = try PrivateMariaDB.administrator.get()
            let deadline = ContinuousClock.now + .seconds(10)
            let process: SQL = "SELECT 1 FROM information_schema.processlist WHERE info = \(text)"
            while try await !administrator.query(process).isEmpty, ContinuousClock.now < deadline {}
            #expect(try await administrator.query(process).isEmpty)
        }

        @Test("a cancel stops the statement on its own server, and none with its number on another")
        func severalServers() async throws {
            let (own, other) = (try PrivateMariaDB(), try PrivateMariaDB())
            let proxy = try AlternatingProxy([own.port, other.port])
            var settings = MySQLTestSettings()
            (settings.user, settings.password) = ("app", "the right one")
            settings.location = .tcp(host: "127.0.0.1", port: Int(proxy.port))
            let driver = MySQLDriver(configuration: try settings.configuration(own))
            settings.location = nil
            let owns = MySQLDriver(configuration: try settings.configuration(own))
            // More than the other server has given so far.
            let (ownWatcher, _) = try await numbered(150, owns)
            let connection = try await connect(driver)
            let number = try await connection.query("SELECT CONNECTION_ID()").decode(Int.self)[0]
            let others = MySQLDriver(configuration: try settings.configuration(other))
            let (namesake, here) = try await numbered(number, others)
            let stranger = Task { try await namesake.query("SELECT SLEEP(2)") }
            try #require(here == number, "the other server has given \(number) already, and \(here)")
            let watcher = try await connect(others)
            while try await watcher.query("SELECT 1 FROM information_schema.processlist WHERE info = 'SELECT SLEEP(2)'")
                .isEmpty
            {}
            let task = Task { try await connection.query("SELECT SLEEP(1000)") }
            while try await ownWatcher.query(
                "SELECT 1 FROM information_schema.processlist WHERE info = 'SELECT SLEEP(1000)'"
            ).isEmpty {}
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(try await conditionAfterRelease(driver, connection) == .clean)
            // 1 is what a SLEEP returns that was stopped.
            #expect(try await stranger.value.decode(Int.self) == [0])
            for connection in [connection, namesake, watcher, ownWatcher] {
                await connection.close(.orderly)
            }
            proxy.stop()
        }

        /// Connects until the server gives a connection this number, or has given it already.
        private func numbered(_ number: Int, _ driver: MySQLDriver) async throws -> (MySQLConnection, Int) {
            while true {
                let connection = try await connect(driver)
                let here = try await connection.query("SELECT CONNECTION_ID()").decode(Int.self)[0]
                if here >= number { return (connection, here) }
                await connection.close(.orderly)
            }
        }
    }
}
