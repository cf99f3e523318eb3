import PoolPostgres
import Testing

extension PostgresTests {
    @Suite(
        "TLS, passwords and certificates", .timeLimit(.minutes(2)),
        .enabled(if: PrivatePostgres.canBeSecure, "openssl is not installed"))
    struct TransportSecurityTests {
        private let server: PrivatePostgres

        init() throws {
            server = try PrivatePostgres.secure.get()
        }

        /// As `ada`, with her password.
        private func base(user: String = "ada", password: String = "right") -> String {
            "host=localhost hostaddr=127.0.0.1 port=\(server.port) dbname=postgres user=\(user) password=\(password)"
        }

        private var verifyFull: String { "sslmode=verify-full sslrootcert=\(server.file("ca.crt"))" }

        private func certificate(_ name: String) -> String {
            "sslcert=\(server.file(name + ".crt")) sslkey=\(server.file(name + ".key"))"
        }

        /// How the server sees the connection: encrypted, and with which client certificate.
        private func encryption(_ settings: String) async throws -> [SQLValue] {
            try await withConnection(to: settings) { _, connection in
                try await connection.values(
                    "SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND current_user <> 'postgres'"
                )
            }
        }

        @Test("a password is proved by SCRAM over TLS, to a server whose certificate and name are verified")
        func verified() async throws {
            #expect(try await encryption("\(base()) \(verifyFull) channel_binding=require") == [.bool(true), .null])
        }

        @Test(
            "each mode of TLS connects where its demands are met",
            arguments: ["prefer", "require", "verify-ca", "verify-full"])
        func modes(mode: String) async throws {
            let settings = "\(base()) sslmode=\(mode) sslrootcert=\(server.file("ca.crt"))"
            #expect(try await encryption(settings) == [.bool(true), .null])
        }

        @Test(
            "a certificate of an unknown authority is refused, but where nobody asks",
            arguments: ["verify-ca", "verify-full", "require"])
        func unknownAuthority(mode: String) async throws {
            let other = try await refusal("\(base()) sslmode=\(mode) sslrootcert=\(server.file("other-ca.crt"))")
            #expect(other.message.contains("certificate verify failed"))
            // Without a root certificate, `require` only encrypts.
            if mode == "require" {
                #expect(
                    try await encryption("\(base()) sslmode=require sslrootcert=/no/such/file") == [.bool(true), .null])
            } else {
                let missing = try await refusal("\(base()) sslmode=\(mode) sslrootcert=/no/such/file")
                #expect(missing.message.contains("does not exist"))
            }
        }

        @Test("a certificate for another host is refused by verify-full, and does not matter to verify-ca")
        func wrongHost() async throws {
            let wrong = "\(base()) host=db.example sslrootcert=\(server.file("ca.crt"))"
            let error = try await refusal("\(wrong) sslmode=verify-full")
            #expect(error.message.contains("does not match host name"))
            #expect(try await encryption("\(wrong) sslmode=verify-ca") == [.bool(true), .null])
            // The certificate has several names.
            #expect(try await encryption("\(base()) host=db.test \(verifyFull)") == [.bool(true), .null])
        }

        @Test("a client certificate opens the door that it is for, and one of an unknown authority does not")
        func clientCertificate() async throws {
            let settings = "\(base(user: "certified")) \(verifyFull)"
            #expect(
                try await encryption("\(settings) \(certificate("client"))") == [.bool(true), .text("/CN=certified")])
            _ = try await refusal("\(settings) \(certificate("other-client"))")
            let missing = try await refusal("\(settings) sslcert=/no/such/file")
            #expect(missing.code == .invalidAuthorization)
            let mismatched = "sslcert=\(server.file("client.crt")) sslkey=\(server.file("other-client.key"))"
            _ = try await refusal("\(settings) \(mismatched)")
        }

        @Test("a server that demands TLS refuses a connection without, and one that has none a connection with")
        func refusedEncryption() async throws {
            let plain = try await refusal("\(base()) sslmode=disable")
            #expect(plain.code == .invalidAuthorization)
            let trusting = try PrivatePostgres.shared.get()
            let missing = try await refusal(
                "host=127.0.0.1 port=\(trusting.port) dbname=postgres user=postgres sslmode=require")
            #expect(missing.message.contains("does not support SSL"))
        }

        @Test("a wrong password and a missing one are refused, without the password in the error")
        func passwords() async throws {
            let wrong = try await refusal("\(base(password: "wrong-one")) \(verifyFull)")
            #expect(wrong.code == .invalidPassword)
            #expect(!"\(wrong)".contains("wrong-one"))
            let missing = try await refusal("\(base(password: "''")) \(verifyFull) passfile=/dev/null")
            #expect(missing.message.contains("no password supplied"))
            let open = "host=127.0.0.1 port=\(server.port) dbname=postgres user=open password=open sslmode=disable"
            #expect(try await encryption(open) == [.bool(false), .null])
        }

        @Test("what only a person can mend fails every acquire at once, with the driver's error")
        func refusedAtOnce() async throws {
            for settings in [
                "\(base(password: "wrong-one")) \(verifyFull)", "\(base()) sslmode=disable", "\(base()) dbname=nowhere",
                "\(base()) sslmode=verify-full sslrootcert=\(server.file("other-ca.crt"))",
            ] {
                try await withPool(to: settings, PoolConfiguration(acquireTimeout: .seconds(60))) { pool in
                    let start = ContinuousClock.now
                    let error = await #expect(throws: PoolError.self) { try await pool.query("SELECT 1") }
                    #expect(error?.code == .connectRefused)
                    #expect(error?.lastConnectError is PostgresError)
                    #expect(ContinuousClock.now - start < .seconds(20))
                }
            }
        }

        @Test("a cancelled statement over TLS ends, and its connection is used again")
        func cancel() async throws {
            try await withPool(to: "\(base()) \(verifyFull)", PoolConfiguration(maximumConnections: 1)) { pool in
                _ = try await pool.query("SELECT 1")
                let start = ContinuousClock.now
                let task = Task { try await pool.query("SELECT pg_sleep(1000)") }
                let administrator = try PostgresPool(database: server.configuration())
                let isBusy: SQL =
                    "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND usename = 'ada' AND query LIKE '%pg_sleep%'"
                while try await administrator.query(isBusy).isEmpty {}
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                #expect(ContinuousClock.now - start < .seconds(60))
                #expect(try await pool.query("SELECT 2").decode(Int.self) == [2])
                #expect(pool.statistics.connectionsOpened == 1)
                try await administrator.close(drain: .seconds(1))
            }
        }

        @Test("rows, bind values and large results come through TLS whole")
        func largeResults() async throws {
            try await withConnection(to: "\(base()) \(verifyFull)") { _, connection async throws in
                let text = String(repeating: "ä", count: 1_000_000)
                #expect(try await connection.values("SELECT \(text)::text") == [.text(text)])
                let rows = try await connection.query("SELECT i, repeat('x', 1000) FROM generate_series(1, 5000) AS i")
                #expect(rows.count == 5000)
                #expect(rows.last.map { Array($0.values) } == [.int(5000), .text(String(repeating: "x", count: 1000))])
            }
        }
    }
}
