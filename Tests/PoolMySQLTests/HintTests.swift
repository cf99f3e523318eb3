import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("Remedies of MySQL", .timeLimit(.minutes(2)))
    struct HintTests {
        private func remedy(_ sql: SQL) async throws -> String {
            try await withPool(1) { pool async throws in
                try await #require(throws: MySQLError.self) { try await pool.query(sql) }.remedy ?? ""
            }
        }

        @Test("placeholders without values point to interpolation and to SQL(raw:binds:)")
        func noValues() async throws {
            let remedy = try await remedy("SELECT ?")
            #expect(remedy.contains("\\(value)") && remedy.contains("SQL(raw:"))
        }

        @Test("an array after IN points to binds:")
        func list() async throws {
            #expect(try await remedy("SELECT 1 WHERE 1 IN \([1, 2, 3])").contains("\\(binds: values)"))
        }

        @Test("a value inside quotation marks is named as the cause")
        func quotes() async throws {
            #expect(try await remedy("SELECT 1 WHERE 'a' LIKE '%\("x")%'").contains("inside quotation marks"))
        }
    }
}
