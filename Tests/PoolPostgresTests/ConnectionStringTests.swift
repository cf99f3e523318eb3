import Testing

@testable import PoolPostgres

@Suite("Connection strings of Postgres")
struct ConnectionStringTests {
    @Test(
        "no piece of a password that was not encoded is shown",
        arguments: [
            "postgres://u:hunter/ter2@127.0.0.1/db", "postgres://u:p@hunter@127.0.0.1/db",
            "postgres://u:x?y@hunter@h/db",
            "postgresql://u:hun/ter@hunter/db", "host=127.0.0.1 password=x hunter=zz dbname=x",
            "postgres://u:%hunter@h/db",
            "host=127.0.0.1 password=x hunter", "postgres://u:hunter:5432/db", "postgres://u:x?hunter=require",
            "postgres://h/d?password=x&hunter=1", "postgres://u:p@h/d?sslpassword=x&hunter",
            "host=h port=hunter", "postgres://h:0/d", "postgres://h:65536/d", "postgres://[hunter/d", "host='hunter",
        ])
    func secrets(text: String) {
        let error = #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration(text) }
        #expect(error.map { !"\($0)".contains("hunter") } == true, "\(String(describing: error))")
    }

    @Test(
        "what is encoded or allowed is read",
        arguments: [
            "postgres://u:p%40ss%2Fss@127.0.0.1:5432/db", "postgres://u:pa:ss@h/db", "postgres://u@h1:1,h2:2/db",
            "postgres://u@h1,h2/db", "postgres:///db?host=/tmp",
            "postgres://%2Ftmp%2Fa@b/db".replacing("@", with: "%40"),
            "postgres://u:pa?ss@h/db", "host=@abstract dbname=a@b", "host=a,b port=1,2", "host=a,b port=,2",
            "postgres://u@h/d?application_name=a@b",
        ])
    func allowed(text: String) throws {
        let configuration = try PostgresConfiguration(text)
        #expect(!configuration.description.contains("ss@") && !configuration.description.contains("p@ss"))
        #expect(!configuration.description.contains("pa:ss") && !configuration.description.contains("pa?ss"))
    }

    @Test(
        "a setting that libpq does not know is named, and so is another scheme",
        arguments: [
            ("postgres://u@h/db?max=20", "\"max\""),
            ("postgres://h:5432/db?sslmode=require&idleTimeoutMillis=1", "\"idleTimeoutMillis\""),
            ("http://x", "begins with http://, and a URL must begin with postgres://"),
            ("postgresql+asyncpg://u:hunter@h/db", "begins with postgresql+asyncpg://"),
            ("localhost", "neither a URL"), ("socket:/tmp", "neither a URL"),
        ])
    func named(text: String, part: String) {
        let error = #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration(text) }
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
        #expect(error?.description.contains("hunter") == false)
    }

    @Test("what libpq says in several lines with tabs becomes one line")
    func oneLine() {
        let lost =
            "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n"
            + "\tbefore or while processing the request.\n"
        #expect(
            lost.inOneLine == "server closed the connection unexpectedly; This probably means the server terminated "
                + "abnormally before or while processing the request.")
        let refused = PostgresError(connecting: "connection failed: Connection refused\n\tIs the server running?\n")
        #expect(refused.message == "connection failed: Connection refused; Is the server running?")
    }

    @Test("the secrets of all versions of libpq are hidden")
    func newerSecrets() {
        // This version of libpq may not know all of them.
        for name in ["password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"] {
            #expect(PostgresConfiguration.shown("hunter", of: name) == "(hidden)")
        }
        #expect(PostgresConfiguration.shown("hunter", of: "user") == "hunter")
    }
}
