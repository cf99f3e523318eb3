import CBaseline
import PoolCore
import PoolPostgres

/// The statements as an application writes them: a lease for each, and the rows as values of Swift's own types.
enum PostgresWork {
    typealias Operation = @Sendable (inout UInt64) async throws -> Void

    struct Record: Codable {
        let id: Int32
        let total: Int64
        let name: String
        let ratio: Double
    }

    static func operation(_ pool: PostgresPool, _ statement: PostgresStatement, _ usesCodable: Bool) -> Operation {
        switch (statement, usesCodable) {
        case (.selectOne, _): { _ in try await selectOne(pool) }
        case (.pointSelect, _): { random in try await pointSelect(pool, &random) }
        case (.thousandRows, false): { _ in try await tuples(pool) }
        case (.thousandRows, true): { _ in try await codables(pool) }
        }
    }

    private static func selectOne(_ pool: PostgresPool) async throws {
        let rows = try await pool.withConnection { connection in try await connection.query("SELECT 1") }
        try check(rows[0].decode(Int.self) == 1)
    }

    private static func pointSelect(_ pool: PostgresPool, _ random: inout UInt64) async throws {
        let key = Int(1 + measurement_random(&random) % UInt64(PostgresRun.keys))
        let rows = try await pool.withConnection { connection in
            try await connection.query("SELECT id, name FROM pool_benchmark.item WHERE id = \(key)")
        }
        let (id, name) = try rows[0].decode((Int, String).self)
        try check(id == key && !name.isEmpty)
    }

    private static func tuples(_ pool: PostgresPool) async throws {
        let rows = try await pool.withConnection { connection in
            try await connection.query("SELECT id, total, name, ratio FROM pool_benchmark.record")
        }
        let records = try rows.decode((Int32, Int64, String, Double).self)
        try check(records.count == 1000 && records[999].1 == 999 * 4_000_000_007)
    }

    private static func codables(_ pool: PostgresPool) async throws {
        let rows = try await pool.withConnection { connection in
            try await connection.query("SELECT id, total, name, ratio FROM pool_benchmark.record")
        }
        let records = try rows.decode(Record.self)
        try check(records.count == 1000 && records[999].total == 999 * 4_000_000_007)
    }

    private static func check(_ isRight: Bool) throws {
        if !isRight { throw BenchmarkError("the server gave something else than the benchmark has stored") }
    }
}
