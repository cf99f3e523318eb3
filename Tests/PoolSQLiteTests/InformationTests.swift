import PoolSQLite
import Testing

@Suite("What the driver says of itself")
struct InformationTests {
    @Test("The library's version and the file are told, and no parameter of a URI")
    func endpoints() throws {
        let places: [(SQLiteConfiguration.Location, String)] = [
            (.path("/data/shop.db"), "/data/shop.db"), (.memory, ":memory:"),
            (.url("file:/data/shop.db?mode=ro&key=secret"), "file:/data/shop.db"),
        ]
        for (location, endpoint) in places {
            let information = SQLiteDriver(configuration: try SQLiteConfiguration(location)).information
            #expect(information.name == "sqlite")
            #expect(information.endpoint == endpoint)
            #expect(information.user == nil)
            #expect(information.blocksThread)
            #expect(information.clientLibrary?.version.hasPrefix("3.") == true)
            #expect(information.description.hasPrefix("sqlite (libsqlite3 3."))
            #expect(!information.description.contains("secret"))
        }
    }
}
