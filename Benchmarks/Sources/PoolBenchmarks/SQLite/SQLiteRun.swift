import CBaseline
import PoolCore
import PoolSQLite

/// What each task does again and again.
enum SQLiteWork: String, Codable, CaseIterable {
    case lease, point, rows, mixed

    var title: String {
        switch self {
        case .lease: "point reads, 100 in a lease"
        case .point: "point read"
        case .rows: "1,000 rows of 4 columns"
        case .mixed: "nine point reads and an update"
        }
    }

    var workOfC: sqlite_work {
        switch self {
        case .lease, .point: sqlite_point_read
        case .rows: sqlite_thousand_rows
        case .mixed: sqlite_mixed
        }
    }

    func load(tasks: Int, seconds: Double) -> Load {
        Load(tasks: tasks, operationsPerCall: self == .lease ? 100 : 1, seconds: seconds)
    }

    /// Those that differ from each other for this work.
    var contenders: [SQLiteContender] {
        SQLiteContender.allCases.filter { self == .rows || !$0.usesCodable }
    }
}

/// Who does it.
enum SQLiteContender: String, Codable, CaseIterable {
    case threads = "C, a thread each"
    case connectionThread = "pool, connection's thread"
    case connectionThreadCodable = "pool, connection's thread, Codable"
    case callerThread = "pool, caller's thread"
    case callerThreadCodable = "pool, caller's thread, Codable"

    var usesCodable: Bool { self == .connectionThreadCodable || self == .callerThreadCodable }
    var isOnCaller: Bool { self == .callerThread || self == .callerThreadCodable }
}

/// One contender, once.
struct SQLiteRun: Codable {
    let contender: SQLiteContender
    let work: SQLiteWork
    let load: Load
    let path: String
    /// Those that read; there is one more that writes.
    let connections: Int

    static let keys = 10_000

    func measure() async throws -> Measurement {
        if contender == .threads { return try measureInC() }
        let pool = try SQLitePool(
            database: SQLiteConfiguration(
                .path(path), execution: contender.isOnCaller ? .callerThread : .connectionThread),
            configuration: PoolConfiguration(name: "benchmark", maximumConnections: connections + 1))
        let measurement = try await load.measure(operation(on: pool))
        await pool.close(drain: .zero)
        return measurement
    }

    private func measureInC() throws -> Measurement {
        try Measurement.ofProgram { result, message, size in
            path.withCString { path in
                var run = sqlite_run(
                    path: path, work: work.workOfC, keys: Int64(Self.keys), connections: Int32(connections),
                    load: load.loadOfC)
                return sqlite_threads(&run, result, message, size)
            }
        }
    }

    private func operation(on pool: SQLitePool) -> @Sendable (inout UInt64) async throws -> Void {
        switch (work, contender.usesCodable) {
        case (.lease, _):
            let reads = load.operationsPerCall
            return { random in try await SQLiteStatements.reads(pool, reads, &random) }
        case (.point, _):
            return { random in
                let key = SQLiteStatements.key(measurement_random(&random))
                try await SQLiteStatements.read(pool, key)
            }
        case (.rows, false): return { _ in try await SQLiteStatements.tuples(pool) }
        case (.rows, true): return { _ in try await SQLiteStatements.codables(pool) }
        case (.mixed, _): return { random in try await SQLiteStatements.mixed(pool, &random) }
        }
    }
}

/// The statements as an application writes them.
private enum SQLiteStatements {
    struct Record: Codable {
        let id: Int
        let total: Int
        let name: String
        let ratio: Double
    }

    static func key(_ random: UInt64) -> Int { Int(1 + random % UInt64(SQLiteRun.keys)) }

    static func reads(_ pool: SQLitePool, _ count: Int, _ random: inout UInt64) async throws {
        var state = random
        try await pool.withConnection(.readOnly) { connection in
            for _ in 0..<count {
                let key = key(measurement_random(&state))
                let rows = try await connection.query("SELECT id, name FROM item WHERE id = \(key)")
                try check(rows, key)
            }
        }
        random = state
    }

    static func read(_ pool: SQLitePool, _ key: Int) async throws {
        try check(try await pool.query("SELECT id, name FROM item WHERE id = \(key)", .readOnly), key)
    }

    static func mixed(_ pool: SQLitePool, _ random: inout UInt64) async throws {
        let number = measurement_random(&random)
        let key = key(number)
        if (number >> 32).isMultiple(of: 10) {
            try await pool.execute("UPDATE item SET name = \("item number \(number % 1_000_000)") WHERE id = \(key)")
        } else {
            try await read(pool, key)
        }
    }

    static func tuples(_ pool: SQLitePool) async throws {
        let rows = try await pool.query("SELECT id, total, name, ratio FROM record", .readOnly)
        let records = try rows.decode((Int, Int, String, Double).self)
        try check(records.count == 1000 && records[999].1 == 999 * 4_000_000_007)
    }

    static func codables(_ pool: SQLitePool) async throws {
        let rows = try await pool.query("SELECT id, total, name, ratio FROM record", .readOnly)
        let records = try rows.decode(Record.self)
        try check(records.count == 1000 && records[999].total == 999 * 4_000_000_007)
    }

    private static func check(_ rows: Rows, _ key: Int) throws {
        let (id, name) = try rows[0].decode((Int, String).self)
        try check(id == key && !name.isEmpty)
    }

    private static func check(_ isRight: Bool) throws {
        if !isRight { throw BenchmarkError("SQLite gave something else than the benchmark has stored") }
    }
}
