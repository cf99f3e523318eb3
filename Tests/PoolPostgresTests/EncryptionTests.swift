import PoolPostgres
import Testing

extension PostgresTests {
    /// With a server that makes records of 16 kB, which the private one does not: newer ones do.
    @Suite(
        "Encrypted connections", .timeLimit(.minutes(3)),
        .enabled(if: PrivatePostgres.canBeSecure, "openssl is not installed"))
    struct EncryptionTests {
        private func withLongRecords(_ body: (PostgresPool) async throws -> Void) async throws {
            let server = try PrivatePostgres.secure.get()
            let relay = try Relay(to: server, .longRecords)
            let pool = try PostgresPool(
                database: PostgresConfiguration(relay.connection(), cancelTimeout: .seconds(2)),
                configuration: PoolConfiguration(name: "encrypted", maximumConnections: 1))
            let result: Result<Void, any Error>
            do { result = .success(try await body(pool)) } catch { result = .failure(error) }
            try await pool.close(drain: .seconds(1))
            relay.stopListening()
            try result.get()
            #expect(relay.longestRecord > 16_384)
        }

        @Test("an answer comes through whole, however it is cut into records")
        func answers() async throws {
            try await withLongRecords { pool async throws in
                for size in stride(from: 1_000, through: 60_000, by: 1_500) {
                    let texts = try await pool.query("SELECT repeat('x', \(size)) FROM generate_series(1, 3)")
                        .decode(String.self)
                    #expect(texts.map(\.utf8.count) == [size, size, size])
                }
            }
        }

        @Test("rows that come one by one, and the data of a COPY, come through whole too")
        func streams() async throws {
            try await withLongRecords { pool async throws in
                try await pool.withConnection { lease async throws in
                    let text: SQL = "SELECT repeat('x', i) FROM generate_series(1, 60000, 97) i"
                    let length = try await lease.stream(text, batchSize: 7) { rows in
                        var length = 0
                        while let row = try await rows.next() { length += try row[0, as: String.self].utf8.count }
                        return length
                    }
                    #expect(length == stride(from: 1, through: 60_000, by: 97).reduce(0, +))
                    let copy: SQL = "COPY (SELECT repeat('x', 5000) FROM generate_series(1, 500)) TO STDOUT"
                    let bytes = try await lease.copyOut(copy) { reader in
                        var bytes = 0
                        while let line = try await reader.next() { bytes += line.count }
                        return bytes
                    }
                    #expect(bytes == 500 * 5_001)
                }
            }
        }

        @Test("notifications that fill records come without more being sent")
        func notifications() async throws {
            try await withLongRecords { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.listen(to: ["long"]) { notifications async throws in
                        try await withConnection(to: PrivatePostgres.secure.get().connection()) { _, other in
                            try await other.execute(
                                "SELECT pg_notify('long', repeat('x', 7000) || i) FROM generate_series(1, 200) i")
                        }
                        for number in 1...200 {
                            #expect(try await notifications.next().payload.hasSuffix("x\(number)"))
                        }
                    }
                }
            }
        }
    }
}
