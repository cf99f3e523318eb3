import CBaseline
import Measuring
import PoolSQL

/// The statements as an application writes them: a lease for each, and the rows as values of Swift's own types.
struct Statements<Driver: SQLDriver>: Sendable {
    typealias Operation = @Sendable (inout UInt64) async throws -> Void
    /// Runs statements in one round trip, where the driver can.
    typealias Batch = @Sendable (Pool<Driver>, [SQL]) async throws -> [SQLRows]

    let pool: Pool<Driver>
    /// How a connection is acquired for what only reads.
    let reading: AcquireOptions

    /// What one call does: `count` statements.
    func operation(_ work: Work, _ form: Contender.Form, count: Int, batch: Batch?) throws -> Operation {
        switch (work, form) {
        case (.selectOne, _), (.storm, _): { _ in try await selectOne() }
        case (.point, _), (.memory, _): { random in try await pointSelect(key(measurement_random(&random))) }
        case (.mixed, _): { random in try await mixed(measurement_random(&random)) }
        case (.rows, .tuples): { _ in try await tuples() }
        case (.rows, .codable): { _ in try await codables() }
        case (.rows, _): { _ in try await streamed() }
        case (.batch, .tuples): { random in try await oneByOne(count, &random) }
        case (.batch, _):
            if let batch {
                { random in try await allAtOnce(count, &random, batch) }
            } else {
                throw BenchmarkError("this driver has no batches of different statements")
            }
        }
    }

    func selectOne() async throws {
        let rows = try await pool.query("SELECT 1", reading)
        try check(rows[0].decode(Int.self) == 1)
    }

    func pointSelect(_ key: Int) async throws {
        try check(try await pool.query(select(key), reading), key)
    }

    private func mixed(_ number: UInt64) async throws {
        let key = key(number)
        if (number >> 32).isMultiple(of: 10) {
            try await pool.execute("UPDATE item SET name = \("item number \(number % 1_000_000)") WHERE id = \(key)")
        } else {
            try await pointSelect(key)
        }
    }

    private func oneByOne(_ count: Int, _ random: inout UInt64) async throws {
        let keys = (0..<count).map { _ in key(measurement_random(&random)) }
        try await pool.withConnection(reading) { connection in
            for key in keys { try check(try await connection.query(select(key)), key) }
        }
    }

    private func allAtOnce(_ count: Int, _ random: inout UInt64, _ batch: Batch) async throws {
        let keys = (0..<count).map { _ in key(measurement_random(&random)) }
        for (rows, key) in zip(try await batch(pool, keys.map(select)), keys) { try check(rows, key) }
    }

    private func tuples() async throws {
        let rows = try await pool.query("SELECT id, total, name, ratio FROM record", reading)
        let records = try rows.decode((Int32, Int64, String, Double).self)
        try check(records.count == 1000 && records[999].1 == 999 * 4_000_000_007)
    }

    private func codables() async throws {
        let rows = try await pool.query("SELECT id, total, name, ratio FROM record", reading)
        let records = try rows.decode(Record.self)
        try check(records.count == 1000 && records[999].total == 999 * 4_000_000_007)
    }

    private func streamed() async throws {
        let (count, total) = try await pool.withConnection(reading) { connection in
            try await connection.stream("SELECT id, total, name, ratio FROM record") { rows in
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

    private func select(_ key: Int) -> SQL { "SELECT id, name FROM item WHERE id = \(key)" }

    private func key(_ random: UInt64) -> Int { Int(1 + random % UInt64(Work.keys)) }

    private func check(_ rows: SQLRows, _ key: Int) throws {
        let (id, name) = try rows[0].decode((Int, String).self)
        try check(id == key && !name.isEmpty)
    }

    private func check(_ isRight: Bool) throws {
        if !isRight { throw BenchmarkError("the database gave something else than the benchmark has stored") }
    }
}

private struct Record: Codable {
    let id: Int32
    let total: Int64
    let name: String
    let ratio: Double
}
