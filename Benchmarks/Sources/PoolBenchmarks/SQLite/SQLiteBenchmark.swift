import Foundation
import PoolCore
import PoolSQLite

/// This package's driver and a program in C, on one file.
struct SQLiteBenchmark {
    let options: Options

    func run() async throws -> [Comparison] {
        let works = try options.chosen(SQLiteWork.self)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "pool-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("benchmark.db").path
        try await createTables(path)
        var comparisons: [Comparison] = []
        for work in works {
            let tasks = options.tasks ?? (work == .lease ? [1] : [1, 8, 64])
            for tasks in tasks { comparisons.append(try compare(work, tasks, path)) }
        }
        return comparisons
    }

    private func compare(_ work: SQLiteWork, _ tasks: Int, _ path: String) throws -> Comparison {
        let contenders = work.contenders
        let load = work.load(tasks: tasks, seconds: options.seconds)
        return try Comparison(
            title: "SQLite: \(work.title)", tasks: load.tasks, contenders: contenders.map(\.rawValue),
            rounds: options.rounds
        ) { contender in
            try ContenderProcess.measure(
                .sqlite(
                    SQLiteRun(
                        contender: contenders[contender], work: work, load: load, path: path, connections: 8)))
        }
    }

    private func createTables(_ path: String) async throws {
        let pool = try SQLitePool(path: path)
        try await pool.withTransaction { transaction in
            try await transaction.executeScript(
                """
                CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                CREATE TABLE record (id INTEGER NOT NULL, total INTEGER NOT NULL, name TEXT NOT NULL, ratio REAL NOT NULL);
                """)
            try await transaction.executeBatch(
                "INSERT INTO item VALUES (\(.parameter), \(.parameter))",
                (1...SQLiteRun.keys).map { ($0, "item number \($0)") })
            try await transaction.executeBatch(
                "INSERT INTO record VALUES (\(.parameter), \(.parameter), \(.parameter), \(.parameter))",
                (0..<1000).map { number in
                    let name = number.isMultiple(of: 2) ? "record \(number)" : "the record with number \(number)"
                    return (number, number * 4_000_000_007, name, Double(number) / 7)
                })
        }
        try await pool.close()
    }
}
