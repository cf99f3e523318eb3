import Foundation
import ServerTestSupport
import Testing

@testable import PoolPostgres

extension PostgresTests {
    @Suite("Several hosts", .timeLimit(.minutes(2)))
    struct HostTests {
        /// A port of 127.0.0.1 that takes connections and never says a word.
        private func withSilentPort(_ body: (UInt16) async throws -> Void) async throws {
            let (descriptor, port) = try Sockets.listen()
            let result: Result<Void, any Error>
            do { result = .success(try await body(port)) } catch { result = .failure(error) }
            close(descriptor)
            try result.get()
        }

        private func connect(_ settings: String, timeout: Duration? = nil) async throws -> [SQLValue] {
            let driver = PostgresDriver(configuration: try PostgresConfiguration(settings))
            let lane = driver.lanes(maximumConnections: 1)[0]
            let connection = try await driver.connect(
                ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture, timeout: timeout))
            let values = try await connection.values("SELECT pg_is_in_recovery()")
            await connection.close(.orderly)
            return values
        }

        @Test(
            "a host that never answers costs its share of the time, and the next is tried",
            arguments: ["any", "read-write", "prefer-standby"])
        func silentHost(kind: String) async throws {
            let server = try PrivatePostgres.shared.get()
            try await withSilentPort { port async throws in
                let settings =
                    "host=127.0.0.1,\(server.folder) port=\(port),\(server.port) dbname=postgres user=postgres"
                    + " target_session_attrs=\(kind)"
                #expect(try await connect(settings, timeout: .seconds(4)) == [.bool(false)])
            }
        }

        @Test("libpq's own time-out bounds each host, and a single one too")
        func connectTimeout() async throws {
            let server = try PrivatePostgres.shared.get()
            try await withSilentPort { port async throws in
                let user = "dbname=postgres user=postgres connect_timeout=1"
                let both = "host=127.0.0.1,\(server.folder) port=\(port),\(server.port) \(user)"
                #expect(try await connect(both) == [.bool(false)])
                let error = await #expect(throws: PostgresError.self) {
                    _ = try await connect("host=127.0.0.1 port=\(port) \(user)")
                }
                #expect(error?.code == .cannotConnect)
                #expect(error?.message.contains("127.0.0.1") == true)
            }
        }

        @Test("a pool finds the host that answers")
        func pool() async throws {
            let server = try PrivatePostgres.shared.get()
            try await withSilentPort { port async throws in
                let pool = try PostgresPool(
                    database: PostgresConfiguration(
                        "host=127.0.0.1,\(server.folder) port=\(port),\(server.port) dbname=postgres user=postgres"),
                    configuration: PoolConfiguration(
                        name: "hosts", maximumConnections: 1, acquireTimeout: .seconds(30), connectTimeout: .seconds(4))
                )
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectFailures == 0)
                try await pool.close(drain: .seconds(1))
            }
        }

        @Test(
            "a host that answers and refuses ends the connect, as with libpq",
            .enabled(if: PrivatePostgres.canBeSecure, "openssl is not installed"))
        func refusal() async throws {
            let server = try PrivatePostgres.secure.get()
            // On TCP it asks for a password, and then for the right one.
            let error = await #expect(throws: PostgresError.self) {
                _ = try await connect(
                    "host=127.0.0.1,\(server.folder) port=\(server.port) dbname=postgres user=postgres password=wrong",
                    timeout: .seconds(9))
            }
            #expect(error?.code.errorClass == "28")
        }

        @Test("if no host can be reached, the error names all, and a refusal counts for more than silence")
        func allFail() async throws {
            let error = await #expect(throws: PostgresError.self) {
                _ = try await connect("host=/no/such/folder,127.0.0.1 port=1,1 dbname=x user=x", timeout: .seconds(9))
            }
            #expect(error?.code == .cannotConnect)
            #expect(error?.message.contains("/no/such/folder") == true)
            #expect(error?.message.contains("127.0.0.1") == true)
            let server = try PrivatePostgres.shared.get()
            let standby = await #expect(throws: PostgresError.self) {
                _ = try await connect(
                    "host=/no/such/folder,\(server.folder) port=\(server.port) dbname=postgres user=postgres"
                        + " target_session_attrs=standby")
            }
            #expect(standby?.message.contains("standby") == true)
        }

        @Test("the plan keeps the order, the pairs and the other settings")
        func plan() throws {
            func plan(_ settings: ConnectPlan.Settings, _ defaults: [String: String] = [:]) -> ConnectPlan {
                ConnectPlan(settings) { defaults }
            }
            func text(_ plan: ConnectPlan) -> [String] {
                plan.tries.map { $0.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
            }
            #expect(text(plan([("host", "a"), ("user", "u")])) == ["host=a user=u"])
            #expect(text(plan([])) == [""])
            #expect(
                text(plan([("host", "a,b"), ("port", "1,2"), ("user", "u")])) == [
                    "user=u host=a port=1 target_session_attrs=any", "user=u host=b port=2 target_session_attrs=any",
                ])
            #expect(
                text(plan([("host", "a,b")], ["port": "7", "target_session_attrs": "read-write"])) == [
                    "host=a port=7 target_session_attrs=read-write", "host=b port=7 target_session_attrs=read-write",
                ])
            #expect(
                text(plan([("host", "a,b"), ("target_session_attrs", "prefer-standby")])) == [
                    "host=a target_session_attrs=standby", "host=b target_session_attrs=standby",
                    "host=a target_session_attrs=any", "host=b target_session_attrs=any",
                ])
            // libpq shall say what is wrong, or look into its service file.
            #expect(text(plan([("host", "a,b"), ("port", "1,2,3")])) == ["host=a,b port=1,2,3"])
            #expect(text(plan([("service", "s")], ["host": "a,b"])) == ["service=s"])
            let limited = plan([("host", "a,b,c"), ("connect_timeout", "4")])
            #expect(limited.limit(of: 0, left: .seconds(9)) == .seconds(3))
            #expect(limited.limit(of: 0, left: .seconds(90)) == .seconds(4))
            #expect(limited.limit(of: 2, left: .seconds(1)) == .seconds(4))
            #expect(plan([("host", "a")]).limit(of: 0, left: .seconds(1)) == nil)
            #expect(plan([("host", "a"), ("connect_timeout", "0")]).limit(of: 0, left: nil) == nil)
            #expect(plan([("host", "a"), ("connect_timeout", "1")]).limit(of: 0, left: nil) == .seconds(2))
        }
    }
}
