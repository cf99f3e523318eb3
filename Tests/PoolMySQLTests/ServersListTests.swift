import Foundation
import PoolMySQL
@_spi(Driver) import PoolSQL
import PoolTesting
import Testing

extension MySQLTests {
    @Suite("How many connections a MySQL server has", .timeLimit(.minutes(2)))
    struct ServersListTests {
        private func settings(_ relay: Relay, host: String = "127.0.0.1") -> MySQLTestSettings {
            var settings = MySQLTestSettings()
            (settings.user, settings.password) = ("app", "the right one")
            settings.location = .tcp(host: host, port: Int(relay.port))
            return settings
        }

        @Test("a connection that is closed has ended on the server before the next begins")
        func orderlyClose() async throws {
            let server = try PrivateMariaDB.shared.get()
            let relay = try Relay(to: server)
            var settings = settings(relay)
            let driver = MySQLDriver(configuration: try settings.configuration(server))
            settings.initCommands = ["SET no_such_variable = 1"]
            let failing = MySQLDriver(configuration: try settings.configuration(server))
            for _ in 0..<2 {
                let connection = try await connect(driver)
                #expect(try await connection.values("SELECT \(1)") == [.int(1)])
                await connection.close(.orderly)
                await #expect(throws: MySQLError.self) { _ = try await connect(failing) }
            }
            #expect(relay.logins.count == 4)
            #expect(relay.most == 1)
            relay.stop()
        }

        @Test("cancels for different users, one after the other, take one connection at a time")
        func cancelsOfUsers() async throws {
            let server = try PrivateMariaDB.shared.get()
            let relay = try Relay(to: server)
            var settings = settings(relay)
            // The body must not need the thread that is blocked.
            settings.execution = .caller
            let pool = try MySQLPool(
                database: settings.configuration(server),
                configuration: PoolConfiguration(name: "cancels", maximumConnections: 1))
            for _ in 0..<2 {
                try await pool.withConnection { lease in
                    for isOther in [false, false, true, true] {
                        if isOther { try await lease.changeUser("other", password: "another") }
                        // The compiler refuses the lease itself in a task.
                        let connection = lease.handle.connection
                        let task = Task { try await connection.query("SELECT SLEEP(1000)") }
                        try await waitForProcess("SELECT SLEEP(1000)")
                        task.cancel()
                        await #expect(throws: CancellationError.self) { _ = try await task.value }
                        #expect(connection.condition != .broken)
                    }
                }
            }
            try await pool.close(drain: .seconds(5))
            #expect(relay.most == 2)
            // Two cancels in a row go on one.
            #expect(relay.logins.count == 5)
            relay.stop()
        }

        @Test("a cancel goes to the address of its session, not to where the host's name leads by now")
        func addressOfCancel() async throws {
            let server = try PrivateMariaDB.shared.get()
            let relay = try Relay(to: server)
            let driver = MySQLDriver(configuration: try settings(relay, host: "localhost").configuration(server))
            let connection = try await connect(driver)
            let task = Task { try await connection.query("SELECT SLEEP(1000)") }
            try await waitForProcess("SELECT SLEEP(1000)")
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(try await conditionAfterRelease(driver, connection) == .clean)
            await connection.close(.orderly)
            // libmariadb tells the server which host it was given.
            let hosts = relay.logins.map { login in
                ["localhost", "127.0.0.1"].filter { login.contains("_server_host\(lengthPrefixed($0))") }
            }
            #expect(hosts == [["localhost"], ["127.0.0.1"]])
            relay.stop()
        }

        private func lengthPrefixed(_ text: String) -> String {
            String(decoding: [UInt8(text.utf8.count)], as: UTF8.self) + text
        }

        @Test("a cancel that the server refuses costs the statement its time-out, and nothing more")
        func refusedCancel() async throws {
            let administrator = try PrivateMariaDB.administrator.get()
            try await administrator.execute("CREATE USER locked@'%' IDENTIFIED BY 'out'")
            let server = try PrivateMariaDB.shared.get()
            let relay = try Relay(to: server)
            var settings = settings(relay)
            (settings.user, settings.password, settings.database) = ("locked", "out", nil)
            settings.cancelTimeout = .milliseconds(500)
            let driver = MySQLDriver(configuration: try settings.configuration(server))
            for (number, change) in ["ACCOUNT LOCK", "IDENTIFIED BY 'new' ACCOUNT UNLOCK"].enumerated() {
                let connection = try await connect(driver)
                let before = relay.logins.count
                try await administrator.execute(SQL(raw: "ALTER USER locked@'%' " + change))
                let task = Task { try await connection.query("SELECT SLEEP(1000), \(raw: "\(number)")") }
                try await waitForProcess("SELECT SLEEP(1000), \(number)")
                let start = ContinuousClock.now
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                #expect(ContinuousClock.now - start >= .milliseconds(500))
                #expect(ContinuousClock.now - start < .seconds(10))
                #expect(connection.condition == .broken)
                // Not again and again: servers count logins that fail.
                #expect(1...2 ~= relay.logins.count - before)
                await connection.close(.forced)
                if number == 0 { try await administrator.execute("ALTER USER locked@'%' ACCOUNT UNLOCK") }
            }
            try await administrator.execute("DROP USER locked@'%'")
            relay.stop()
        }
    }
}
