import Foundation
import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("Logging in to MySQL", .timeLimit(.minutes(2)))
    struct LoginTests {
        @Test(
            "what passes does not count as a refusal, and what only a person can mend does",
            arguments: [
                ("08S01", 1047, PoolVerdict.serverStarting), ("HY000", 3032, .serverStarting),
                ("HY000", 1135, .serverFull),
                ("HY000", 1041, .serverFull), ("HY001", 1037, .discard), ("HY000", 1021, .discard),
                ("HY000", 1205, .discard), ("40001", 1213, .discard), ("70100", 1317, .discard),
                ("70100", 1969, .discard), ("HY000", 4151, .refused), ("HY000", 3118, .refused),
                ("HY000", 1862, .refused), ("42000", 1064, .refused), ("42S02", 1146, .refused),
            ])
        func verdicts(state: String, number: Int, verdict: PoolVerdict) async throws {
            var settings = MySQLTestSettings()
            settings.initCommands = ["SIGNAL SQLSTATE '\(state)' SET MYSQL_ERRNO = \(number), MESSAGE_TEXT = 'made up'"]
            let driver = MySQLDriver(configuration: try settings.configuration(PrivateMariaDB.shared.get()))
            let error = await #expect(throws: MySQLError.self) { _ = try await connect(driver) }
            #expect(error?.code.rawValue == UInt32(number))
            #expect(driver.verdict(on: error ?? MySQLTestFailure()) == verdict, "\(String(describing: error))")
        }

        @Test("a connection with TLS that is lost is lost, as one without")
        func lostWithTLS() async throws {
            let server = try PrivateMariaDB.shared.get()
            let administrator = try PrivateMariaDB.administrator.get()
            try await withConnection {
                ($0.user, $0.password, $0.tls) = ("app", "the right one", .init(mode: .required))
                $0.location = .tcp(host: "127.0.0.1", port: server.port)
            } _: { driver, connection async throws in
                let id = try await connection.query("SELECT CONNECTION_ID()").decode(Int.self)[0]
                let task = Task { try await connection.query("SELECT SLEEP(999)") }
                try await waitForProcess("SELECT SLEEP(999)")
                try await administrator.execute(SQL(raw: "KILL \(id)"))
                let error = await #expect(throws: MySQLError.self) { _ = try await task.value }
                #expect([.serverLost, .connectionKilled].contains(error?.code), "\(String(describing: error))")
                #expect(driver.verdict(on: error ?? MySQLTestFailure()) == .discard)
                #expect(connection.condition == .broken)
            }
        }
    }
}

@Suite("What is refused in the configuration of MySQL")
struct MySQLRefusalTests {
    @Test(
        "a URL whose password is not quoted is refused, and no part of it is shown",
        arguments: [
            "mysql://u:123/secret@h/db", "mysql://u:hun?secret&S3cret=1@h/db", "mysql://u:a@secret@h/db",
            "mysql://u:p#secret@h/db", "mysql://u:12?secret=x@h", "mysql://u:12?tls=secret@h",
        ])
    func unquoted(url: String) {
        let error = #expect(throws: PoolConfigurationError.self) { try MySQLConfiguration(url: url) }
        #expect(error?.description.contains("ecret") == false, "\(String(describing: error))")
    }

    @Test("a quoted password is taken")
    func quoted() throws {
        let configuration = try MySQLConfiguration(url: "mysql://u:1%2F2%3F3%404%235@h/db?initCommand=SET%20%40a=1")
        #expect(configuration.description == "u@h:3306/db")
        #expect(configuration.initCommands == ["SET @a=1"])
        #expect(try MySQLConfiguration(url: "mysql://u@h?clearPassword=true").allowsClearPassword)
    }

    @Test(
        "a host that libmariadb would read settings or several addresses out of is refused",
        arguments: ["127.0.0.1;port=1;user=app", "a,b", "host=a"])
    func hosts(host: String) {
        let error = #expect(throws: PoolConfigurationError.self) {
            try MySQLConfiguration(.tcp(host: host), user: "a")
        }
        #expect(error?.property == "MySQLConfiguration.location")
    }

    @Test("without a user, libmariadb would log in as the process's user")
    func noUser() {
        let error = #expect(throws: PoolConfigurationError.self) { try MySQLConfiguration(url: "mysql://h/db") }
        #expect(error?.property == "MySQLConfiguration.user")
    }
}
