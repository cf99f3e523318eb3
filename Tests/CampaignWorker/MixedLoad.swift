import Foundation
import PoolSQLite
import Synchronization

/// Many tasks that read and write one file through a small pool, and prove afterwards that nothing was lost.
///
/// Money is moved between accounts, so that their sum never changes: a reader that sees another sum has seen a
/// transaction that was not committed. A counter is read and written back in two statements, so that a lost update
/// shows.
struct MixedLoad: Sendable {
    let path: String
    let tasks: Int
    let connections: Int
    let seed: Int

    private static let accounts = 100
    private static let balance = 1000

    func run(for duration: Duration) async throws {
        let pool = try SQLitePool(path: path, configuration: PoolConfiguration(maximumConnections: connections))
        try await createTables(pool)
        let end = ContinuousClock.now + duration
        let found = try await withThrowingTaskGroup(of: Found.self, returning: Found.self) { group in
            for task in 0..<tasks {
                group.addTask { await work(pool, until: end, Generator(seed: UInt64(seed) &* 1000 &+ UInt64(task))) }
            }
            return try await group.reduce(into: Found()) { $0 += $1 }
        }
        let counter = try await pool.query("SELECT value FROM counter").decode(Int.self).first ?? -1
        try await pool.close(drain: .seconds(10))
        found.print(counter: counter)
    }

    private func createTables(_ pool: SQLitePool) async throws {
        try await pool.withTransaction { transaction in
            try await transaction.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)")
            try await transaction.execute("CREATE TABLE counter (value INTEGER NOT NULL)")
            try await transaction.execute("INSERT INTO counter VALUES (0)")
            try await transaction.executeBatch(
                "INSERT INTO account VALUES (\(.parameter), \(.parameter))",
                (1...Self.accounts).map { ($0, Self.balance) })
        }
    }

    private func work(_ pool: SQLitePool, until end: ContinuousClock.Instant, _ generator: Generator) async -> Found {
        var generator = generator
        var found = Found()
        while ContinuousClock.now < end {
            do {
                switch generator.next() % 4 {
                case 0:
                    try await count(pool)
                    found.counted += 1
                case 1:
                    try await transfer(pool, &generator)
                    found.writes += 1
                default:
                    if try await sumTwice(pool) != [Self.accounts * Self.balance, Self.accounts * Self.balance] {
                        found.wrongSnapshots += 1
                    }
                    found.reads += 1
                }
            } catch let error as SQLiteError where error.code.primary == .busy {
                found.busy += 1
            } catch {
                FileHandle.standardError.write(Data("\(error)\n".utf8))
                found.otherErrors += 1
            }
        }
        return found
    }

    private func count(_ pool: SQLitePool) async throws {
        try await pool.withTransaction { transaction in
            let value = try await transaction.query("SELECT value FROM counter").decode(Int.self)[0]
            try await transaction.execute("UPDATE counter SET value = \(value + 1)")
        }
    }

    private func transfer(_ pool: SQLitePool, _ generator: inout Generator) async throws {
        let amount = Int(generator.next() % 50)
        let (from, to) = (Int(generator.next() % 100) + 1, Int(generator.next() % 100) + 1)
        try await pool.withTransaction { transaction in
            try await transaction.execute("UPDATE account SET balance = balance - \(amount) WHERE id = \(from)")
            try await transaction.execute("UPDATE account SET balance = balance + \(amount) WHERE id = \(to)")
        }
    }

    /// Both reads of a transaction see the same snapshot.
    private func sumTwice(_ pool: SQLitePool) async throws -> [Int] {
        try await pool.withTransaction(SQLTransactionOptions(access: .readOnly)) { transaction in
            var sums: [Int] = []
            for _ in 0..<2 {
                sums += try await transaction.query("SELECT sum(balance) FROM account").decode(Int.self)
            }
            return sums
        }
    }

    /// What a task, or all of them, did and met.
    private struct Found: Sendable {
        var counted = 0
        var writes = 0
        var reads = 0
        var wrongSnapshots = 0
        var busy = 0
        var otherErrors = 0

        static func += (left: inout Self, right: Self) {
            left.counted += right.counted
            left.writes += right.writes
            left.reads += right.reads
            left.wrongSnapshots += right.wrongSnapshots
            left.busy += right.busy
            left.otherErrors += right.otherErrors
        }

        func print(counter: Int) {
            let lines = [
                ("counted", counted), ("counter", counter), ("writes", writes), ("reads", reads),
                ("wrong-snapshots", wrongSnapshots), ("busy", busy), ("other-errors", otherErrors),
            ]
            for (name, value) in lines { Swift.print(name, value) }
        }
    }
}

/// SplitMix64.
struct Generator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
