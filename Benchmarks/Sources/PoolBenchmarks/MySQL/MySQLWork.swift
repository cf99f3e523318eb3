import CBaseline
import PoolCore
import PoolMySQL

/// The statements as an application writes them: a lease for each, and the rows as values of Swift's own types.
enum MySQLWork {
    typealias Operation = @Sendable (inout UInt64) async throws -> Void

    struct Record: Codable {
        let id: Int32
        let total: Int64
        let name: String
        let ratio: Double
    }

    /// How the rows are taken.
    enum Form {
        case plain, codable, streamed
    }

    /// What one call does: `count` statements.
    static func operation(
        _ pool: MySQLPool, _ statement: MySQLStatement, _ form: Form, count: Int
    ) -> Operation {
        switch (statement, form) {
        case (.selectOne, _): { _ in try await selectOne(pool) }
        case (.pointSelect, _): { random in try await pointSelect(pool, &random) }
        case (.thousandRows, .codable): { _ in try await codables(pool) }
        case (.thousandRows, .streamed): { _ in try await streamed(pool) }
        case (.thousandRows, _): { _ in try await tuples(pool) }
        case (.hundredSelects, _): { random in try await oneByOne(pool, count, &random) }
        }
    }

    private static func selectOne(_ pool: MySQLPool) async throws {
        let rows = try await pool.withConnection { connection in try await connection.query("SELECT 1") }
        try check(rows[0].decode(Int.self) == 1)
    }

    private static func pointSelect(_ pool: MySQLPool, _ random: inout UInt64) async throws {
        let key = key(&random)
        let rows = try await pool.withConnection { connection in try await connection.query(select(key)) }
        try check(rows, key)
    }

    private static func oneByOne(_ pool: MySQLPool, _ count: Int, _ random: inout UInt64) async throws {
        let keys = (0..<count).map { _ in key(&random) }
        try await pool.withConnection { connection in
            for key in keys { try check(try await connection.query(select(key)), key) }
        }
    }

    private static func select(_ key: Int) -> SQL { "SELECT id, name FROM pool_benchmark.item WHERE id = \(key)" }

    private static func key(_ random: inout UInt64) -> Int {
        Int(1 + measurement_random(&random) % UInt64(MySQLRun.keys))
    }

    private static func check(_ rows: Rows, _ key: Int) throws {
        let (id, name) = try rows[0].decode((Int, String).self)
        try check(id == key && !name.isEmpty)
    }

    private static func tuples(_ pool: MySQLPool) async throws {
        let rows = try await pool.withConnection { connection in
            try await connection.query("SELECT id, total, name, ratio FROM pool_benchmark.record")
        }
        let records = try rows.decode((Int32, Int64, String, Double).self)
        try check(records.count == 1000 && records[999].1 == 999 * 4_000_000_007)
    }

    private static func codables(_ pool: MySQLPool) async throws {
        let rows = try await pool.withConnection { connection in
            try await connection.query("SELECT id, total, name, ratio FROM pool_benchmark.record")
        }
        let records = try rows.decode(Record.self)
        try check(records.count == 1000 && records[999].total == 999 * 4_000_000_007)
    }

    private static func streamed(_ pool: MySQLPool) async throws {
        let (count, total) = try await pool.withConnection { connection in
            try await connection.stream("SELECT id, total, name, ratio FROM pool_benchmark.record") { rows in
                var (count, latest) = (0, Int64(0))
                while let row = try await rows.next() {
                    latest = try row.decode((Int32, Int64, String, Double).self).1
                    count += 1
                }
                return (count, latest)
            }
        }
        try check(count == 1000 && total == 999 * 4_000_000_007)
    }

    private static func check(_ isRight: Bool) throws {
        if !isRight { throw BenchmarkError("the server gave something else than the benchmark has stored") }
    }
}
