import PoolMySQL
import Testing

@Suite("The configuration of MySQL")
struct MySQLConfigurationTests {
    @Test("a URL with everything is read")
    func wholeURL() throws {
        let configuration = try MySQLConfiguration(
            url: "mysql://ad%40a:p%3Aw@db.test:3307/sh%2Fop?tls=required&connectTimeout=3&readTimeout=4&writeTimeout=5"
                + "&compression=true&localInfile=true&timeZone=server&initCommand=SET%20a%3D1&initCommand=SET%20b%3D2"
                + "&statementCache=7")
        #expect(configuration.location == .tcp(host: "db.test", port: 3307))
        #expect(configuration.user == "ad@a")
        #expect(configuration.database == "sh/op")
        #expect(configuration.tls.mode == .required)
        #expect(configuration.connectTimeout == .seconds(3))
        #expect(configuration.readTimeout == .seconds(4))
        #expect(configuration.writeTimeout == .seconds(5))
        #expect(configuration.usesCompression && configuration.allowsLocalInfile)
        #expect(configuration.timeZone == .server)
        #expect(configuration.initCommands == ["SET a=1", "SET b=2"])
        #expect(configuration.statementCacheCapacity == 7)
        #expect(
            try configuration
                == MySQLConfiguration(
                    .tcp(host: "db.test", port: 3307), user: "ad@a", password: "p:w", database: "sh/op",
                    tls: .init(mode: .required),
                    connectTimeout: .seconds(3), readTimeout: .seconds(4), writeTimeout: .seconds(5),
                    initCommands: ["SET a=1", "SET b=2"], usesCompression: true, allowsLocalInfile: true,
                    timeZone: .server,
                    statementCacheCapacity: 7))
    }

    @Test(
        "a setting that there is not is named, and so is another scheme",
        arguments: [
            ("mysql://u@h/db?max=20", "\"max\""), ("postgres://u:hunter@h/db", "begins with postgres://"),
            ("localhost", "it must begin with mysql://"),
        ])
    func named(url: String, part: String) {
        let error = #expect(throws: PoolConfigurationError.self) { try MySQLConfiguration(url: url) }
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
        #expect(error?.description.contains("hunter") == false)
    }

    @Test(
        "what looks like a setting's name, and may be a piece of a password, is not shown",
        arguments: [
            "mysql://u@h/db?password=x&hunter", "mysql://u@h/db?initCommand=SET%20PASSWORD='x&hunter&y'",
            "mysql://u@h/db?hunter%21=1",
        ])
    func hidden(url: String) {
        let error = #expect(throws: PoolConfigurationError.self) { try MySQLConfiguration(url: url) }
        #expect(error.map { !"\($0)".contains("hunter") } == true, "\(String(describing: error))")
    }

    @Test("what is missing in a URL has its default")
    func shortURLs() throws {
        let short = try MySQLConfiguration(url: "mariadb://me@localhost")
        #expect(short.location == .tcp(host: "localhost"))
        #expect(short.user == "me" && short.database == nil && !short.allowsLocalInfile && short.tls.mode == .preferred)
        #expect(try MySQLConfiguration(url: "mysql://a@[::1]:33/x").location == .tcp(host: "::1", port: 33))
        #expect(try MySQLConfiguration(url: "mysql://a@[::1]/").location == .tcp(host: "::1"))
        #expect(try MySQLConfiguration(url: "mysql://a@/x?socket=%2Ftmp%2Fs").location == .socket(path: "/tmp/s"))
        let verified = try MySQLConfiguration(url: "mysql://a@h/x?ca=/c.pem&cert=/a.pem&key=/a.key")
        #expect(
            verified.tls
                == .init(
                    mode: .verified, certificateAuthority: "/c.pem", clientCertificate: "/a.pem", clientKey: "/a.key"))
    }

    @Test(
        "a URL that cannot be read is refused, and its password is not shown",
        arguments: [
            "postgres://a:secret@h", "mysql://", "mysql://a:secret@/x", "mysql://a:secret@h:0/x",
            "mysql://a:secret@h:70000",
            "mysql://a:secret@h:x", "mysql://a:secret@[::1", "mysql://a:secret%@h", "mysql://a:secret@h?nothing=1",
            "mysql://a:secret@h?tls=maybe", "mysql://a:secret@h?tls=verified", "mysql://a:secret@h?connectTimeout=0",
            "mysql://a:secret@h?statementCache=-1", "mysql://a:secret@h?compression=1", "mysql://a:secret@h?cert=/a",
            "mysql://a:secret@h?tls=required&tls=disabled", "mysql://a:secret@h/%00", "mysql://:secret@h",
            "mysql://a:secret%ff@h",
        ])
    func badURLs(url: String) {
        let error = #expect(throws: PoolConfigurationError.self) { try MySQLConfiguration(url: url) }
        #expect(error?.description.contains("secret") == false)
    }

    @Test("values that cannot work are refused, each by its name")
    func badValues() {
        func refused(_ property: String, _ make: () throws -> MySQLConfiguration) {
            let error = #expect(throws: PoolConfigurationError.self) { try make() }
            #expect(error?.property == "MySQLConfiguration.\(property)")
        }
        let host = MySQLConfiguration.Location.tcp(host: "h")
        refused("location") { try .init(.tcp(host: ""), user: "a") }
        refused("location") { try .init(.tcp(host: "h", port: 65_536), user: "a") }
        refused("location") { try .init(.socket(path: "/" + String(repeating: "x", count: 110)), user: "a") }
        refused("user") { try .init(host, user: "a\0") }
        refused("connectTimeout") { try .init(host, user: "a", connectTimeout: .milliseconds(1_500)) }
        refused("readTimeout") { try .init(host, user: "a", readTimeout: .zero) }
        refused("cancelTimeout") { try .init(host, user: "a", cancelTimeout: .zero) }
        refused("statementCacheCapacity") { try .init(host, user: "a", statementCacheCapacity: 10_001) }
        refused("tls") { try .init(host, user: "a", tls: .init(mode: .verified)) }
        refused("initCommands") { try .init(host, user: "a", initCommands: ["\0"]) }
    }

    @Test("no description shows the password")
    func secrets() throws {
        let configuration = try MySQLConfiguration(.tcp(host: "h"), user: "a", password: "secret", database: "d")
        var dumped = ""
        dump(configuration, to: &dumped)
        dump(MySQLDriver(configuration: configuration), to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("secret"))
        }
        #expect("\(configuration)" == "a@h:3306/d")
    }
}
