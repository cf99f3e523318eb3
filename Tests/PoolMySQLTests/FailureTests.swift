import Foundation
import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("Failures of MySQL", .timeLimit(.minutes(3)))
    struct FailureTests {
        private func connectError(
            _ change: (inout MySQLTestSettings) -> Void
        ) async throws -> (MySQLError, PoolVerdict, Duration) {
            var settings = MySQLTestSettings()
            change(&settings)
            let driver = MySQLDriver(configuration: try settings.configuration(PrivateMariaDB.shared.get()))
            let start = ContinuousClock.now
            do {
                try await connect(driver).close(.orderly)
            } catch let error as MySQLError {
                return (error, driver.verdict(on: error), ContinuousClock.now - start)
            }
            throw MySQLTestFailure()
        }

        @Test("a wrong password, a wrong user, and an unknown or forbidden database are refused at once")
        func refused() async throws {
            let port = try PrivateMariaDB.shared.get().port
            let changes: [(UInt32, (inout MySQLTestSettings) -> Void)] = [
                (1045, { $0.user = "app" }),
                (1045, { ($0.user, $0.password) = ("app", "wrong") }),
                (1045, { ($0.user, $0.location) = ("nobody_at_all", .tcp(host: "127.0.0.1", port: port)) }),
                (1049, { $0.database = "no_such_database" }),
                (1044, { ($0.user, $0.database) = ("nothing", "mysql") }),
                (1193, { $0.initCommands = ["SET no_such_variable = 1"] }),
            ]
            for (code, change) in changes {
                let (error, verdict, duration) = try await connectError(change)
                #expect(error.code.rawValue == code, "\(error)")
                #expect(verdict == .refused, "\(error)")
                #expect(!error.description.contains("password=wrong"))
                #expect(duration < .seconds(2))
            }
        }

        @Test("the right password is taken, over the socket and over TCP, also by the name of this machine")
        func accepted() async throws {
            let server = try PrivateMariaDB.shared.get()
            for location in [
                nil, .tcp(host: "127.0.0.1", port: server.port), .tcp(host: "localhost", port: server.port),
            ]
                as [MySQLConfiguration.Location?]
            {
                try await withConnection {
                    ($0.user, $0.password, $0.location) = ("app", "the right one", location)
                } _: { _, connection async throws in
                    #expect(try await connection.values("SELECT CURRENT_USER()") == [.text("app@%")])
                }
            }
        }

        @Test("a server that is not there is a passing failure, and fails at once")
        func unreachable() async throws {
            let (refused, verdict, duration) = try await connectError { $0.location = .tcp(host: "127.0.0.1", port: 1) }
            #expect([.cannotConnect, .cannotConnectToSocket].contains(refused.code), "\(refused)")
            #expect(verdict == .discard)
            #expect(duration < .seconds(2))
            let (missing, missingVerdict, _) = try await connectError { $0.location = .socket(path: "/no/such/socket") }
            #expect(missing.code == .cannotConnectToSocket)
            #expect(missingVerdict == .discard)
            let (unknown, unknownVerdict, _) = try await connectError {
                $0.location = .tcp(host: "no-such-host.invalid")
            }
            #expect(unknown.code == .unknownHost || unknown.code == .cannotConnectToSocket, "\(unknown)")
            #expect(unknownVerdict == .discard)
        }

        @Test(
            "a host that takes connections and never speaks costs the connect its time-out, or until its task is cancelled"
        )
        func silentHost() async throws {
            let listener = try SilentListener()
            let (error, verdict, duration) = try await connectError {
                $0.location = .tcp(host: "127.0.0.1", port: Int(listener.port))
                $0.connectTimeout = .seconds(1)
            }
            #expect(error.code == .serverLost, "\(error)")
            #expect(verdict == .discard)
            #expect(duration > .milliseconds(900) && duration < .seconds(5), "\(duration)")
            let other = try SilentListener()
            var settings = MySQLTestSettings()
            settings.location = .tcp(host: "127.0.0.1", port: Int(other.port))
            let driver = MySQLDriver(configuration: try settings.configuration(PrivateMariaDB.shared.get()))
            let task = Task { try await connect(driver) }
            await other.waitForClient()
            let start = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(ContinuousClock.now - start < .seconds(1))
        }

        @Test("more connections than a user may have are the server being full")
        func userLimit() async throws {
            try await withConnection {
                $0.user = "few"
                $0.database = nil
            } _: { driver, _ async throws in
                let second = try await connect(driver)
                let error = await #expect(throws: MySQLError.self) { _ = try await connect(driver) }
                #expect(error?.code == .userLimitReached)
                #expect(driver.verdict(on: error ?? MySQLTestFailure()) == .serverFull)
                await second.close(.orderly)
            }
        }

        @Test("TLS: each mode does what it says")
        func transportSecurity() async throws {
            let server = try PrivateMariaDB.shared.get()
            let (authority, other) = (server.file("ca.crt"), server.file("other-ca.crt"))
            func cipher(_ host: String, _ tls: MySQLConfiguration.TLS) async throws -> String {
                try await withConnection {
                    ($0.user, $0.password, $0.tls) = ("app", "the right one", tls)
                    $0.location = .tcp(host: host, port: server.port)
                } _: { _, connection async throws in
                    let rows = try await connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
                    return try rows[0][1, as: String.self]
                }
            }
            #expect(try await cipher("localhost", .init(mode: .disabled)).isEmpty)
            #expect(try await !cipher("127.0.0.1", .init(mode: .preferred)).isEmpty)
            #expect(try await !cipher("127.0.0.1", .init(mode: .required)).isEmpty)
            #expect(try await !cipher("localhost", .init(certificateAuthority: authority)).isEmpty)
            for (host, tls) in [
                ("localhost", MySQLConfiguration.TLS(certificateAuthority: other)),
                // The certificate is for localhost.
                ("127.0.0.1", .init(certificateAuthority: authority)),
                ("localhost", .init(certificateAuthority: "/no/such/file")),
            ] {
                let (error, verdict, _) = try await connectError {
                    ($0.user, $0.password, $0.tls) = ("app", "the right one", tls)
                    $0.location = .tcp(host: host, port: server.port)
                }
                #expect(error.code == .tls, "\(error)")
                #expect(verdict == .refused, "\(error)")
            }
        }

        @Test("a client certificate opens an account that asks for one, and nothing else does")
        func clientCertificate() async throws {
            let server = try PrivateMariaDB.shared.get()
            try await withConnection {
                ($0.user, $0.database) = ("certified", nil)
                $0.location = .tcp(host: "localhost", port: server.port)
                $0.tls = .init(
                    certificateAuthority: server.file("ca.crt"), clientCertificate: server.file("client.crt"),
                    clientKey: server.file("client.key"))
            } _: { _, connection async throws in
                #expect(try await connection.values("SELECT CURRENT_USER()") == [.text("certified@%")])
            }
            for tls in [MySQLConfiguration.TLS(mode: .disabled), .init(mode: .required)] {
                let (error, verdict, _) = try await connectError {
                    ($0.user, $0.database, $0.tls) = ("certified", nil, tls)
                    $0.location = .tcp(host: "localhost", port: server.port)
                }
                #expect(error.code == .accessDenied)
                #expect(verdict == .refused)
            }
        }

        @Test("TLS that a server does not have is refused where it is required, and done without where it is preferred")
        func serverWithoutTLS() async throws {
            let server = try PrivateMariaDB()
            var settings = MySQLTestSettings()
            settings.location = .tcp(host: "127.0.0.1", port: server.port)
            (settings.user, settings.password) = ("app", "the right one")
            let authority = try PrivateMariaDB.shared.get().file("ca.crt")
            for tls in [MySQLConfiguration.TLS(mode: .required), .init(certificateAuthority: authority)] {
                settings.tls = tls
                let driver = MySQLDriver(configuration: try settings.configuration(server))
                let error = await #expect(throws: MySQLError.self) { _ = try await connect(driver) }
                #expect(error?.code == .tls)
                #expect(driver.verdict(on: error ?? MySQLTestFailure()) == .refused)
            }
            settings.tls = .init(mode: .preferred)
            let preferring = MySQLDriver(configuration: try settings.configuration(server))
            let connection = try await connect(preferring)
            #expect(try await connection.values("SELECT 1") == [.int(1)])
            await connection.close(.orderly)
        }

        @Test("each kind of failed statement has its number, and keeps the connection")
        func statementErrors() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { driver, connection async throws in
                try await connection.executeScript(
                    """
                    CREATE TABLE p (i INT PRIMARY KEY, s VARCHAR(3) NOT NULL, n TINYINT, CHECK (n < 100));
                    CREATE TABLE c (i INT, FOREIGN KEY (i) REFERENCES p(i)); INSERT INTO p VALUES (1, 'a', 1); INSERT INTO c VALUES (1);
                    """)
                let errors: [(String, MySQLError.Code, String)] = [
                    ("INSERT INTO p VALUES (1, 'b', 1)", .duplicateEntry, "23000"),
                    ("INSERT INTO p VALUES (2, NULL, 1)", .columnCannotBeNull, "23000"),
                    ("INSERT INTO p VALUES (2, 'long', 1)", .dataTooLong, "22001"),
                    ("INSERT INTO p VALUES (2, 'b', 1000)", .outOfRange, "22003"),
                    ("INSERT INTO p VALUES (2, 'b', 101)", .checkConstraint, "23000"),
                    ("INSERT INTO c VALUES (7)", .foreignKeyChild, "23000"),
                    ("DELETE FROM p WHERE i = 1", .foreignKeyParent, "23000"),
                    ("SELECT nothing FROM p", .unknownColumn, "42S22"),
                    ("SELECT * FROM nowhere", .noSuchTable, "42S02"),
                    ("SELEC 1", .parseError, "42000"),
                    ("SET STATEMENT max_statement_time = 0.01 FOR SELECT SLEEP(10)", .statementTimeout, "70100"),
                ]
                for (text, code, state) in errors {
                    let error = await #expect(throws: MySQLError.self) {
                        _ = try await connection.execute(SQL(raw: text))
                    }
                    #expect(error?.code == code, "\(String(describing: error))")
                    #expect(error?.sqlState == state)
                    #expect(error?.sql == text)
                    #expect(driver.verdict(on: error ?? MySQLTestFailure()) == .keep)
                    #expect(try await conditionAfterRelease(driver, connection) == .clean, "\(text)")
                }
            }
        }

        @Test("a transaction that only reads keeps its connection when it writes; a server that only reads says so")
        func readOnly() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { driver, connection async throws in
                _ = try await connection.execute("CREATE TABLE w (i INT)")
                try await connection.transaction(.begin(SQLTransactionOptions(access: .readOnly)))
                var error = await #expect(throws: MySQLError.self) {
                    _ = try await connection.execute("INSERT INTO w VALUES (1)")
                }
                #expect(error?.code == .readOnlyTransaction)
                #expect(driver.verdict(on: error ?? MySQLTestFailure()) == .keep)
                try await connection.transaction(.rollback)
                #expect(try await conditionAfterRelease(driver, connection) == .clean)
                let administrator = try PrivateMariaDB.administrator.get()
                try await administrator.execute("SET GLOBAL read_only = 1")
                try await withConnection {
                    ($0.user, $0.password, $0.database) = ("reader", "", "test")
                } _: { _, reader async throws in
                    error = await #expect(throws: MySQLError.self) {
                        _ = try await reader.execute("CREATE TABLE r (i INT)")
                    }
                }
                try await administrator.execute("SET GLOBAL read_only = 0")
                #expect(error?.code == .optionPreventsStatement)
                #expect(driver.verdict(on: error ?? MySQLTestFailure()) == .endpointReadOnly)
            }
        }

        @Test("a server that is silent for longer than the read time-out is given up")
        func readTimeout() async throws {
            try await withConnection {
                $0.readTimeout = .seconds(1)
            } _: { driver, connection async throws in
                let error = await #expect(throws: MySQLError.self) { _ = try await connection.query("SELECT SLEEP(5)") }
                #expect(error?.code == .serverLost)
                #expect(connection.condition == .broken)
            }
        }

        @Test("a killed connection reports itself broken, while it runs and while it is idle")
        func killed() async throws {
            let administrator = try PrivateMariaDB.administrator.get()
            try await withConnection { driver, connection async throws in
                guard case .int(let id)? = try await connection.values("SELECT CONNECTION_ID()").first else { return }
                async let outcome = connection.query("SELECT SLEEP(1000), \(raw: "\(id)")")
                try await waitForProcess("SELECT SLEEP(1000), \(id)")
                try await administrator.execute("KILL \(raw: "\(id)")")
                do {
                    _ = try await outcome
                    throw MySQLTestFailure()
                } catch let error as MySQLError {
                    #expect([.serverLost, .connectionKilled].contains(error.code), "\(error)")
                    #expect(driver.verdict(on: error) == .discard)
                }
                #expect(connection.condition == .broken)
                let error = await #expect(throws: MySQLError.self) { _ = try await connection.query("SELECT 1") }
                #expect(error?.code == .serverGone)
            }
            try await withConnection { _, connection async throws in
                guard case .int(let id)? = try await connection.values("SELECT CONNECTION_ID()").first else { return }
                try await administrator.execute("KILL \(raw: "\(id)")")
                while connection.condition != .broken { await Task.yield() }
            }
        }

        @Test("a server that is killed under load and comes back: every task ends, and the pool works again")
        func killedServer() async throws {
            let server = try PrivateMariaDB()
            let pool = try MySQLPool(
                database: MySQLTestSettings().configuration(server),
                configuration: PoolConfiguration(
                    name: "doomed", maximumConnections: 4, acquireTimeout: .seconds(1), connectTimeout: .seconds(1),
                    maximumBackoff: .milliseconds(200)))
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for number in 0... {
                            do {
                                let answer = try await pool.query("SELECT \(number)").decode(Int.self)
                                #expect(answer == [number])
                                if task == 0, number == 50 { _ = signal(server.processID, "KILL") }
                            } catch let error as MySQLError {
                                #expect([.serverLost, .serverGone].contains(error.code), "\(error)")
                                return number
                            } catch is PoolError {
                                return number
                            }
                        }
                        return 0
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(answers > 50)
            await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
            try server.startAgain()
            let options = AcquireOptions(timeout: .seconds(30))
            #expect(try await pool.query("SELECT 1", options).decode(Int.self) == [1])
            try await pool.close(drain: .seconds(5))
            #expect(pool.statistics.counts.total == 0)
        }

        @Test("a server that stands still as a whole costs a connect its time-out, and leases go on when it does")
        func frozenServer() async throws {
            let server = try PrivateMariaDB()
            let pool = try MySQLPool(
                database: MySQLTestSettings().configuration(server),
                configuration: PoolConfiguration(
                    name: "frozen", maximumConnections: 2, acquireTimeout: .milliseconds(700),
                    connectTimeout: .milliseconds(500), maximumBackoff: .milliseconds(200)))
            #expect(signal(server.processID, "STOP"))
            await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
            #expect(signal(server.processID, "CONT"))
            let options = AcquireOptions(timeout: .seconds(30))
            #expect(try await pool.query("SELECT 1", options).decode(Int.self) == [1])
            #expect(signal(server.processID, "STOP"))
            let start = ContinuousClock.now
            let stuck = Task { try await pool.query("SELECT 1") }
            while pool.statistics.counts.leased == 0 { await Task.yield() }
            try await pool.close(drain: .zero)
            #expect(ContinuousClock.now - start < .seconds(15))
            await #expect(throws: (any Error).self) { _ = try await stuck.value }
            #expect(signal(server.processID, "CONT"))
        }

        @Test(
            "a commit whose server stands still is given up once its task was cancelled, and says that its end is unknown"
        )
        func frozenCommit() async throws {
            let server = try PrivateMariaDB()
            var settings = MySQLTestSettings()
            settings.cancelTimeout = .milliseconds(50)
            let driver = MySQLDriver(configuration: try settings.configuration(server))
            let connection = try await connect(driver)
            _ = try await connection.execute("CREATE TABLE f (i INT)")
            try await connection.transaction(.begin(SQLTransactionOptions()))
            _ = try await connection.execute("INSERT INTO f VALUES (1)")
            #expect(signal(server.processID, "STOP"))
            let start = ContinuousClock.now
            let commit = Task { try await connection.transaction(.commit) }
            commit.cancel()
            let error = await #expect(throws: MySQLError.self) { try await commit.value }
            #expect(error?.sqlState == "08007", "\(String(describing: error))")
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(connection.condition == .broken)
            await connection.close(.forced)
            #expect(signal(server.processID, "CONT"))
        }
    }
}
