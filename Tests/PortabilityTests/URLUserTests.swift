import PoolMySQL
import PoolPostgres
import Testing

@Suite("The user of a URL")
struct URLUserTests {
    @Test(
        "a Postgres URL that names two users is refused, without its password",
        arguments: [
            "postgres://ada:secret@h/d?user=grace", "postgres://ada:secret@h/d?sslmode=require&user=grace",
            "postgresql://ada@h/d?%75ser=grace&password=secret", "postgres://h/d?user=ada&user=grace&password=secret",
            "postgres://ada:secret@h/d?user=ada",
        ])
    func postgres(url: String) {
        let error = #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration(url) }
        #expect(error?.rule.contains("one user") == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("a Postgres URL may name its user in either place")
    func onePlace() throws {
        for url in [
            "postgres://ada:secret@h/d", "postgres://h/d?user=ada&password=secret", "postgres://:secret@h/d?user=ada",
        ] {
            let driver = PostgresDriver(configuration: try PostgresConfiguration(url))
            #expect(driver.information.user == "ada", "\(url)")
        }
    }

    @Test("a MySQL URL names its user before the host, and nowhere else")
    func mySQL() throws {
        for url in ["mysql://ada:secret@h/d?user=grace", "mysql://h/d?user=grace&password=secret"] {
            let error = #expect(throws: PoolConfigurationError.self) { try MySQLConfiguration(url: url) }
            #expect(error?.description.contains("secret") == false)
        }
        #expect(try MySQLConfiguration(url: "mysql://ada:secret@h/d").user == "ada")
    }
}
