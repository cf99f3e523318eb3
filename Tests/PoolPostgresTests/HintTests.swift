import PoolPostgres
import ServerTestSupport
import Testing

extension PostgresTests {
    @Suite("Hints of Postgres", .timeLimit(.minutes(2)))
    struct HintTests {
        private func error(_ sql: SQL) async throws -> PostgresError {
            try await withPool(1) { pool async throws in
                try await #require(throws: PostgresError.self) { try await pool.query(sql) }
            }
        }

        @Test("placeholders without values point to interpolation and to SQL(raw:binds:)")
        func noValues() async throws {
            let error = try await error("SELECT $1::int")
            #expect(
                error.remedy?.contains("\\(value)") == true && error.remedy?.contains("SQL(raw:") == true, "\(error)")
            #expect(error.sql == "SELECT $1::int")
        }

        @Test("an array after IN points to binds:")
        func list() async throws {
            let error = try await error("SELECT 1 WHERE 1 IN \([1, 2, 3])")
            #expect(error.code == .syntaxError)
            #expect(error.remedy?.contains("\\(binds: values)") == true, "\(error)")
        }

        @Test("a value inside quotation marks is named as the cause")
        func quotes() async throws {
            let error = try await error("SELECT 1 WHERE 'a' LIKE '%\("x")%'")
            #expect(error.remedy?.contains("inside quotation marks") == true, "\(error)")
            #expect(error.sql?.contains("LIKE") == true)
        }

        @Test("a syntax error that is none of these has no hint of ours")
        func none() async throws {
            #expect(try await error("SELEC \(1)").remedy == nil)
        }
    }
}
