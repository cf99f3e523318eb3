import CBaseline
import Foundation
import PoolCore
import PoolSQLite

/// Comparisons that need no process of their own: one task, and only time is measured.
enum InProcess {
    static func leases(rounds: Int64) async throws {
        let pool = try Pool(driver: NoOpDriver())
        try await pool.withConnection { _ in }
        var comparison = PairedTimes("withConnection, no-op driver", against: "C mutex, pop and push")
        for _ in 0..<15 {
            comparison.add(
                baseline: baseline_mutex_stack(rounds),
                measured: try await nanoseconds {
                    for _ in 0..<rounds { try await pool.withConnection { _ in } }
                })
        }
        print(comparison.summary(rounds: rounds))
        try await pool.close()
    }

    /// One lease with many reads: what a read costs once its lease is there.
    static func pointReads(rounds: Int64) async throws {
        let keys = 1000
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "pool-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("points.db").path
        let pool = try SQLitePool(path: path)
        try await pool.withTransaction { transaction in
            try await transaction.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
            try await transaction.executeBatch(
                "INSERT INTO item VALUES (\(.parameter), \(.parameter))", (1...keys).map { ($0, "item number \($0)") })
        }
        var comparison = PairedTimes("prepared point read in a lease, SQLite", against: "the same in C")
        for _ in 0..<15 {
            let baseline = baseline_point_read(path, rounds, Int64(keys))
            precondition(baseline > 0, "The baseline could not read \(path).")
            let measured = try await pool.withConnection(.readOnly) { connection in
                try await nanoseconds {
                    for round in 0..<Int(rounds) {
                        let rows = try await connection.query(
                            "SELECT id, name FROM item WHERE id = \(round % keys + 1)")
                        let (id, name) = try rows[0].decode((Int, String).self)
                        precondition(id == round % keys + 1 && !name.isEmpty)
                    }
                }
            }
            comparison.add(baseline: baseline, measured: measured)
        }
        print(comparison.summary(rounds: rounds))
        try await pool.close()
    }

    static func nanoseconds(_ body: () async throws -> Void) async throws -> Int64 {
        let clock = ContinuousClock()
        let start = clock.now
        try await body()
        let (seconds, attoseconds) = (clock.now - start).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

/// Two things measured in turns.
struct PairedTimes {
    private let name: String
    private let baseline: String
    private var pairs: [(baseline: Int64, measured: Int64)] = []

    init(_ name: String, against baseline: String) {
        self.name = name
        self.baseline = baseline
    }

    mutating func add(baseline: Int64, measured: Int64) {
        pairs.append((baseline, measured))
    }

    /// The median of the ratios of each turn.
    func summary(rounds: Int64) -> String {
        let ratios = pairs.map { Double($0.measured) / Double($0.baseline) }.sorted()
        let ratio = (ratios[ratios.count / 2] * 100).rounded() / 100
        let (first, second) = (pairs.map(\.measured).min() ?? 0, pairs.map(\.baseline).min() ?? 0)
        return "\(name): \(first / rounds) ns; \(baseline): \(second / rounds) ns; ratio \(ratio)"
    }
}
