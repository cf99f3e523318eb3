import Synchronization
import Testing

@testable import PoolSQL

@Suite("Statements and transactions on a pool")
struct PoolSQLTests {
    private let connection = RecordingSQLConnection()

    private func withPool(_ body: (Pool<RecordingSQLDriver>) async throws -> Void) async throws {
        let pool = try Pool(driver: RecordingSQLDriver(connection: connection))
        try await body(pool)
        try await pool.close()
    }

    @Test("a statement on the pool runs on a connection of it")
    func statements() async throws {
        connection.returnRows(SQLRows(columns: SQLColumns(names: ["n"]), values: [.int(7)]))
        try await withPool { pool in
            let numbers = try await pool.query("SELECT \(1)", .readOnly).decode(Int.self)
            #expect(numbers == [7])
            let result = try await pool.execute("A")
            #expect(result.affectedRows == 1)
        }
        #expect(connection.log == ["query SELECT $1 [1]", "execute A"])
    }

    @Test("a transaction on the pool is committed or rolled back before its connection goes back")
    func transactions() async throws {
        struct Stop: Error {}
        try await withPool { pool in
            let result = try await pool.withTransaction(SQLTransactionOptions(access: .readOnly)) { transaction in
                try await transaction.execute("A")
                return 5
            }
            #expect(result == 5)
            await #expect(throws: Stop.self) { try await pool.withTransaction { _ in throw Stop() } }
        }
        #expect(connection.log == ["begin", "execute A", "commit", "begin", "rollback"])
    }

    @Test("a lease runs statements, streams and transactions")
    func lease() async throws {
        try await withPool { pool in
            try await pool.withConnection { lease in
                try await lease.execute("A")
                try await lease.transaction { transaction in
                    try await transaction.stream("S") { rows in _ = try await rows.next() }
                }
            }
        }
        #expect(connection.log == ["execute A", "begin", "open S", "fetch 256 at 0", "close", "commit"])
    }
}
