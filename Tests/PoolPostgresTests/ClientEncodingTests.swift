import Testing

@testable import PoolPostgres

extension PostgresTests {
    @Suite("The encoding of a Postgres session", .timeLimit(.minutes(2)))
    struct ClientEncodingTests {
        static let changes: [SQL] = [
            "SET client_encoding = 'LATIN1'", "SET NAMES 'LATIN1'",
            "SELECT set_config('client_encoding', 'LATIN1', false)",
            "DO $$ BEGIN PERFORM set_config('client_encoding', 'LATIN1', false); END $$",
        ]

        @Test(
            "after a change of the encoding nothing is read or written, and the next lease has UTF-8",
            arguments: changes.indices)
        func refused(index: Int) async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE encoded (t text)")
                    try await lease.execute("INSERT INTO encoded VALUES (\("é"))")
                    // What returns rows by then says so itself.
                    do { _ = try await lease.query(Self.changes[index]) } catch let error as PostgresError {
                        #expect(error.message.contains("client_encoding is LATIN1"))
                    }
                    for _ in 1...2 {
                        let reading = await #expect(throws: PostgresError.self) {
                            try await lease.query("SELECT t FROM encoded")
                        }
                        #expect(
                            reading?.message.contains("client_encoding is LATIN1") == true,
                            "\(String(describing: reading))")
                        await #expect(throws: PostgresError.self) {
                            try await lease.execute("INSERT INTO encoded VALUES (\("é"))")
                        }
                        await #expect(throws: PostgresError.self) {
                            try await lease.executeScript("INSERT INTO encoded VALUES ('é')")
                        }
                        await #expect(throws: PostgresError.self) {
                            try await lease.batch(["INSERT INTO encoded VALUES (\("é"))"])
                        }
                        await #expect(throws: PostgresError.self) { try await lease.prepare("SELECT t FROM encoded") }
                        await #expect(throws: PostgresError.self) {
                            try await lease.copyIn("COPY encoded FROM STDIN") { try await $0.write("é\n") }
                        }
                        await #expect(throws: PostgresError.self) {
                            try await lease.stream("SELECT t FROM encoded") { rows in
                                while try await rows.next() != nil {}
                            }
                        }
                    }
                }
                try await pool.withConnection { lease async throws in
                    #expect(
                        try await lease.query("SELECT \("é"), octet_length(\("é"))").decode((String, Int).self).first
                            .map { "\($0)" } == #"("é", 2)"#)
                }
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("in a transaction, its roll-back brings UTF-8 back")
        func rolledBack() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    await #expect(throws: PostgresError.self) {
                        try await lease.transaction { transaction in
                            try await transaction.execute("SET client_encoding = 'LATIN1'")
                            try await transaction.execute("SELECT \("é")")
                        }
                    }
                    #expect(try await lease.query("SELECT \("é")").decode(String.self) == ["é"])
                }
            }
        }

        @Test("a batch in which the encoding changes is refused before anything runs")
        func batch() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE encoded (t text)")
                    for change in ClientEncodingTests.changes.dropLast() {
                        await #expect(throws: PostgresError.self) {
                            try await lease.batch([change, "INSERT INTO encoded VALUES (\("é"))"])
                        }
                    }
                    #expect(try await lease.query("SELECT count(*) FROM encoded").decode(Int.self) == [0])
                }
            }
        }

        @Test("a dump that says UTF8 runs")
        func dump() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.executeScript(
                        "SET client_encoding = 'UTF8'; CREATE TEMP TABLE dumped AS SELECT 'é' AS t")
                    #expect(try await lease.query("SELECT t FROM dumped").decode(String.self) == ["é"])
                }
            }
        }
    }
}
