import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("Transactions of MySQL, and statements that begin one", .timeLimit(.minutes(2)))
    struct TransactionTests {
        private struct Undo: Error {}

        private static func run(
            _ text: String, _ way: Int, in transaction: inout SQLTransaction<MySQLDriver>
        ) async throws {
            switch way {
            case 0: try await transaction.execute(SQL(raw: text))
            case 1: try await transaction.executeScript(text)
            default: try await transaction.stream(SQL(raw: text)) { _ = try await $0.next() }
            }
        }

        @Test(
            "a begin by hand within a transaction is refused, and the transaction stays whole",
            arguments: ["BEGIN", "START TRANSACTION", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "/* x */ begin work"])
        func begin(text: String) async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withPool(1) {
                $0.database = name
            } _: { pool async throws in
                try await pool.execute("CREATE TABLE dd (x INT)")
                do {
                    try await pool.withTransaction { transaction in
                        try await transaction.execute("INSERT INTO dd VALUES (1)")
                        for way in 0..<3 {
                            let error = await #expect(throws: MySQLError.self) {
                                try await Self.run(text, way, in: &transaction)
                            }
                            #expect(error?.code == .misuse && error?.remedy != nil)
                        }
                        try await transaction.execute("INSERT INTO dd VALUES (2)")
                        throw Undo()
                    }
                } catch is Undo {}
                #expect(try await pool.query("SELECT count(*) FROM dd").decode(Int.self) == [0])
                // Without a transaction of the pool's it is the application's own.
                try await pool.withConnection { lease in
                    try await lease.execute("BEGIN")
                    try await lease.execute("INSERT INTO dd VALUES (1)")
                    try await lease.execute("ROLLBACK")
                }
                #expect(try await pool.query("SELECT count(*) FROM dd").decode(Int.self) == [0])
            }
        }
    }
}
