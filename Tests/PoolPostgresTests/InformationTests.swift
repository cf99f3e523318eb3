import Testing

@testable import PoolPostgres

@Suite("What the driver says of itself")
struct InformationTests {
    static let endpoints: [(String, String?, String?)] = [
        ("postgres://app:secret@db.local:5433/shop", "db.local:5433/shop", "app"),
        ("postgres://app@a:1,b:2/shop", "a:1,b:2/shop", "app"),
        ("host=a,b port=7", "a:7,b:7", nil),
        ("host=/run/sockets dbname=shop", "/run/sockets/shop", nil),
        ("host=::1 port=5432 password=secret", "[::1]:5432", nil),
        ("dbname=shop", "(default)/shop", nil),
    ]

    @Test("The endpoint and the user are those of the settings, without secrets", arguments: endpoints)
    func information(settings: String, endpoint: String?, user: String?) throws {
        let information = PostgresDriver(configuration: try PostgresConfiguration(settings)).information
        #expect(information.name == "postgres")
        #expect(information.endpoint == endpoint)
        #expect(information.user == user)
        #expect(!information.blocksThread)
        #expect(information.capabilities.contains(.notifications))
        #expect(!information.description.contains("secret"))
    }

    @Test(
        "A library's number is read as its version",
        arguments: [(150_008, "15.8"), (90_624, "9.6.24"), (180_000, "18.0")])
    func versions(number: Int, version: String) throws {
        #expect(ClientLibrary.version(of: number) == version)
        let major = try #require(Int(ClientLibrary.version.prefix { $0 != "." }))
        #expect(major >= 9)
    }
}
