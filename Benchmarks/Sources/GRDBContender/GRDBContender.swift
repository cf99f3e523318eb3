import CBaseline
import Foundation
import GRDB
import Measuring

/// GRDB's pool with the same work as the other contenders on SQLite: statements of its cache, and rows by the columns'
/// numbers, which is the fastest that it has.
@main
struct GRDBContender {
    static func main() async {
        do {
            try await run()
        } catch {
            FileHandle.standardError.write(Data("GRDBContender: \(error)\n".utf8))
            exit(1)
        }
    }

    /// Leaves the main actor, which would cost each call a hop.
    @concurrent
    private static func run() async throws {
        guard let argument = CommandLine.arguments.last, CommandLine.arguments.count == 2 else {
            throw BenchmarkError("PoolBenchmarks starts this program; it does nothing by itself")
        }
        let run = try JSONDecoder().decode(GRDBRun.self, from: Data(argument.utf8))
        var configuration = Configuration()
        configuration.maximumReaderCount = run.connections
        configuration.busyMode = .timeout(5)
        let statements = Statements(
            pool: try DatabasePool(path: try DatabaseAddress.current(), configuration: configuration))
        try await run.load.measure(statements.operation(run)).write()
    }
}

private struct Statements {
    struct Record {
        let id: Int32
        let total: Int64
        let name: String
        let ratio: Double
    }

    let pool: DatabasePool

    func operation(_ run: GRDBRun) throws -> @Sendable (inout UInt64) async throws -> Void {
        switch (run.work, run.isAsync) {
        case (.point, false): { random in try readPoint(measurement_random(&random)) }
        case (.point, true): { random in try await readPointAsync(measurement_random(&random)) }
        case (.mixed, false): { random in try mixed(measurement_random(&random)) }
        case (.mixed, true): { random in try await mixedAsync(measurement_random(&random)) }
        case (.rows, false): { _ in try readRows() }
        case (.rows, true): { _ in try await readRowsAsync() }
        default: throw BenchmarkError("GRDB has no '\(run.work)' here")
        }
    }

    // Where nothing is async, the overloads that block are chosen.

    private func readPoint(_ random: UInt64) throws {
        try pool.read { database in try point(database, key(random)) }
    }

    private func readPointAsync(_ random: UInt64) async throws {
        try await pool.read { database in try point(database, key(random)) }
    }

    private func mixed(_ random: UInt64) throws {
        if isUpdate(random) {
            try pool.write { database in try update(database, random) }
        } else {
            try readPoint(random)
        }
    }

    private func mixedAsync(_ random: UInt64) async throws {
        if isUpdate(random) {
            try await pool.write { database in try update(database, random) }
        } else {
            try await readPointAsync(random)
        }
    }

    private func readRows() throws { try check(try pool.read(records)) }
    private func readRowsAsync() async throws { try check(try await pool.read { try records($0) }) }
}

private func isUpdate(_ random: UInt64) -> Bool { (random >> 32).isMultiple(of: 10) }
private func key(_ random: UInt64) -> Int { Int(1 + random % UInt64(Work.keys)) }

private func point(_ database: Database, _ key: Int) throws {
    let statement = try database.cachedStatement(sql: "SELECT id, name FROM item WHERE id = ?")
    guard let row = try SQLRow.fetchOne(statement, arguments: [key]) else {
        throw BenchmarkError("there is no row \(key)")
    }
    let (id, name): (Int, String) = (row[0], row[1])
    guard id == key, !name.isEmpty else { throw BenchmarkError("the row \(key) is another") }
}

private func update(_ database: Database, _ random: UInt64) throws {
    let statement = try database.cachedStatement(sql: "UPDATE item SET name = ? WHERE id = ?")
    try statement.execute(arguments: ["item number \(random % 1_000_000)", key(random)])
}

private func records(_ database: Database) throws -> [Statements.Record] {
    let statement = try database.cachedStatement(sql: "SELECT id, total, name, ratio FROM record")
    var records: [Statements.Record] = []
    let rows = try SQLRow.fetchCursor(statement)
    while let row = try rows.next() {
        records.append(Statements.Record(id: row[0], total: row[1], name: row[2], ratio: row[3]))
    }
    return records
}

private func check(_ records: [Statements.Record]) throws {
    guard records.count == 1000, records[999].total == 999 * 4_000_000_007 else {
        throw BenchmarkError("the rows are others")
    }
}
