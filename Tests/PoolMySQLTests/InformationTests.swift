import PoolMySQL
import Testing

@Suite("What the driver says of itself")
struct InformationTests {
    @Test("The endpoint and the user are those of the URL, without the password")
    func information() throws {
        let url = "mysql://app:secret@db.local:3307/shop"
        let information = MySQLDriver(configuration: try MySQLConfiguration(url: url)).information
        #expect(information.name == "mysql")
        #expect(information.endpoint == "db.local:3307/shop")
        #expect(information.user == "app")
        #expect(information.blocksThread)
        #expect(information.clientLibrary?.name == "libmariadb")
        let major = try #require(Int(information.clientLibrary?.version.prefix { $0 != "." } ?? ""))
        #expect(major >= 3)
        #expect(!information.description.contains("secret"))
    }
}
