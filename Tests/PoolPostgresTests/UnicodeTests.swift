import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("Postgres and Unicode", .timeLimit(.minutes(1)))
    struct UnicodeTests {
        @Test("statements that differ only in how their letters are composed are two statements")
        func composition() async throws {
            try await withConnection { _, connection async throws in
                // For Swift these strings are equal.
                let texts = ["\u{E9}", "e\u{301}"]
                for _ in 1...4 {
                    for text in texts {
                        let values = try await connection.values(SQL(raw: "SELECT '\(text)', octet_length('\(text)')"))
                        #expect(values.last == .int(Int64(text.utf8.count)))
                    }
                }
            }
        }

        @Test("a channel's name with a quotation mark that an accent hides is quoted whole")
        func hiddenQuote() async throws {
            let channel = "a\"\u{301}; SET work_mem = '9MB'; --"
            try await withPool(2) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.listen(to: [channel]) { notifications async throws in
                        try await pool.execute("SELECT pg_notify(\(channel), 'x')")
                        #expect(try await notifications.next().payload == "x")
                    }
                    #expect(try await lease.query("SHOW work_mem").decode(String.self) == ["4MB"])
                    #expect(try await lease.query("SELECT pg_listening_channels()").isEmpty)
                }
            }
        }

        @Test("names and values with hidden quotation marks stay names and values")
        func names() async throws {
            try await withConnection { _, connection async throws in
                let name = "odd\"\u{301}\"\"name"
                _ = try await connection.execute("CREATE TEMPORARY TABLE \(identifier: name) (i text[])")
                let value = SQLValue.array([.text("\"\u{301}\\\u{301}"), .text("{\u{301},")])
                _ = try await connection.execute("INSERT INTO \(identifier: name) VALUES (\(value))")
                for _ in 1...3 {
                    #expect(try await connection.values("SELECT i FROM \(identifier: name)") == [value])
                }
            }
        }
    }
}
