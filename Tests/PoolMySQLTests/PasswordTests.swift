import PoolMySQL
import ServerTestSupport
import Testing

extension MySQLTests {
    @Suite("Passwords of MySQL on their way", .timeLimit(.minutes(3)))
    struct PasswordTests {
        private static let secret = "a secret"
        /// Those that tell the password to the server, or to who listens.
        private static let telling = [
            "caching_sha2_password", "sha256_password", "mysql_clear_password", "dialog", "mysql_old_password",
        ]

        /// What a thief got, and the error of the connect.
        private func rob(
            _ thief: PasswordThief, _ mode: MySQLConfiguration.TLSMode, allowsClearPassword: Bool = false
        ) async throws -> (loot: [UInt8], error: MySQLError?, verdict: PoolVerdict?) {
            let server = try thief.server()
            // Another than that of the thief's certificate.
            let authority = mode == .verified ? try PrivateMariaDB.shared.get().file("other-ca.crt") : nil
            let driver = MySQLDriver(
                configuration: try MySQLConfiguration(
                    .tcp(host: "127.0.0.1", port: Int(server.port)), user: "app", password: Self.secret,
                    tls: .init(mode: mode, certificateAuthority: authority), connectTimeout: .seconds(10),
                    allowsClearPassword: allowsClearPassword))
            let error = await #expect(throws: MySQLError.self) { _ = try await connect(driver) }
            return (await server.result(), error, error.map { driver.verdict(on: $0) })
        }

        private func holdsSecret(_ loot: [UInt8]) -> Bool {
            let secret = Array(Self.secret.utf8)
            return loot.indices.contains { loot[$0...].starts(with: secret) }
        }

        @Test(
            "no server gets the password that is not verified, whatever it asks for",
            arguments: MySQLConfiguration.TLSMode.allCases, Self.telling)
        func asked(mode: MySQLConfiguration.TLSMode, plugin: String) async throws {
            for offersTLS in [false, true] {
                for isAnnounced in [false, true] {
                    let thief = PasswordThief(plugin: plugin, isAnnounced: isAnnounced, offersTLS: offersTLS)
                    let (loot, error, verdict) = try await rob(thief, mode)
                    #expect(!holdsSecret(loot), "\(thief): \(loot)")
                    #expect(verdict == .refused, "\(thief): \(String(describing: error))")
                    if mode == .required || mode == .verified, !offersTLS {
                        #expect(loot == [], "\(thief)")
                        #expect(error?.code == .tls, "\(thief): \(String(describing: error))")
                    }
                }
            }
        }

        @Test(
            "with allowsClearPassword a server gets it, so that this is seen here",
            arguments: [MySQLConfiguration.TLSMode.disabled, .preferred],
            ["caching_sha2_password", "sha256_password", "mysql_clear_password"])
        func allowed(mode: MySQLConfiguration.TLSMode, plugin: String) async throws {
            for offersTLS in [false, true] {
                let thief = PasswordThief(plugin: plugin, isAnnounced: false, offersTLS: offersTLS)
                let loot = try await rob(thief, mode, allowsClearPassword: true).loot
                #expect(holdsSecret(loot), "\(thief): \(loot)")
            }
        }

        @Test(
            "who logs in without telling the password is not refused because others of that server do tell it",
            arguments: [MySQLConfiguration.TLSMode.disabled, .preferred, .required])
        func otherDefault(mode: MySQLConfiguration.TLSMode) async throws {
            let server = try PrivateMariaDB.shared.get()
            let thief = try ScriptedServer { first in
                var client = first
                try client.send(0, ScriptedServer.greeting(hasTLS: true, plugin: "caching_sha2_password"))
                var packet = try client.receive()
                if packet.bytes.count == 32 {
                    client = try client.encrypted(server.file("server.crt"), server.file("server.key"))
                    packet = try client.receive()
                }
                let plugin = Array("mysql_native_password\0abcdefghijklmnopqrst\0".utf8)
                try client.send(packet.number &+ 1, [0xFE] + plugin)
                return try client.receive().bytes
            }
            let driver = MySQLDriver(
                configuration: try MySQLConfiguration(
                    .tcp(host: "127.0.0.1", port: Int(thief.port)), user: "app", password: Self.secret,
                    tls: .init(mode: mode), connectTimeout: .seconds(10)))
            await #expect(throws: MySQLError.self) { _ = try await connect(driver) }
            #expect(await thief.result().count == 20)
        }
    }
}
