import Foundation
import Measuring
import PoolSQL

/// This package's driver of a database beside programs in C, and others, that do the same.
struct DatabaseSubject: Subject {
    let database: Database
    /// Of a server that runs; nil to start one.
    var url: String?

    private static let connections = 8

    func plans(_ options: Options) throws -> [Plan] {
        var plans: [Plan] = []
        for work in works where options.includes(work.rawValue) {
            for tasks in options.tasks ?? tasks(work) { plans.append(try plan(work, tasks, options.seconds)) }
        }
        if options.includes("allocations") {
            for work in [Work.selectOne, .point, .rows] { plans.append(try allocations(work)) }
        }
        return plans
    }

    private var works: [Work] {
        database == .sqlite
            ? [.selectOne, .point, .rows, .batch, .mixed] : [.selectOne, .point, .rows, .batch, .storm, .memory]
    }

    private func tasks(_ work: Work) -> [Int] {
        switch work {
        case .selectOne, .point, .rows, .mixed: [1, 8, 64]
        case .batch: database == .sqlite ? [1] : [1, 8, 64]
        case .storm: [64]
        case .memory: [1]
        }
    }

    private func plan(_ work: Work, _ tasks: Int, _ seconds: Double) throws -> Plan {
        let load = work.load(tasks: tasks, seconds: seconds)
        return Plan(
            title: "\(database.rawValue): \(work.title)", tasks: work == .memory ? nil : tasks,
            isTimed: work != .memory,
            entries: try Contender.all(for: work, on: database, tasks: tasks).map { contender in
                try entry(contender, work, load, connections: work == .memory ? 64 : Self.connections)
            })
    }

    /// With one task: more change nothing but how often they wait for each other.
    private func allocations(_ work: Work) throws -> Plan {
        let load = work.load(tasks: 1, seconds: 0.3)
        let contenders = Contender.all(for: work, on: database, tasks: 1).filter(\.isOwn)
        return Plan(
            title: "\(database.rawValue): allocations of \(work.title)", tasks: nil, isTimed: false,
            entries: try contenders.map { contender in
                var entry = try entry(contender, work, load, connections: Self.connections)
                entry.program.countsAllocations = true
                return entry
            })
    }

    private func entry(_ contender: Contender, _ work: Work, _ load: Load, connections: Int) throws -> Plan.Entry {
        let program =
            switch contender.program {
            case .grdbSync, .grdbAsync:
                try Program(
                    beside: "GRDBContender",
                    GRDBRun(
                        isAsync: contender.program == .grdbAsync, work: work, load: load, connections: connections))
            case .hikari: Program(.hikari, work.rawValue, load, connections: connections)
            case .psycopg: Program(.psycopg, work.rawValue, load, connections: connections)
            default:
                try Program(
                    .database(
                        DatabaseRun(
                            database: database, contender: contender, work: work, load: load, connections: connections
                        )))
            }
        return Plan.Entry(name: contender.name(on: database), program: program)
    }

    func prepared(_ body: (_ environment: [String: String], _ server: String?) throws -> Void) async throws {
        switch database {
        case .postgres: try await preparedPostgres(body)
        case .mysql: try await preparedMySQL(body)
        case .sqlite: try await preparedSQLite(body)
        }
    }

    private func preparedPostgres(_ body: ([String: String], String?) throws -> Void) async throws {
        let server = url == nil ? try PostgresServer() : nil
        defer { server?.stop() }
        let tables = PostgresTables(connection: url ?? server?.connection ?? "")
        let version = try await tables.create()
        let result = Result { try body([DatabaseAddress.variable: tables.address], "PostgreSQL \(version)") }
        if server == nil { try await tables.drop() }
        try result.get()
    }

    private func preparedMySQL(_ body: ([String: String], String?) throws -> Void) async throws {
        let given = try url.map(MySQLAddress.init(url:))
        let server = given == nil ? try MySQLServer() : nil
        defer { server?.stop() }
        guard let address = given ?? server?.address else { throw BenchmarkError("there is no server") }
        let tables = MySQLTables(address: address)
        let version = try await tables.create()
        let result = Result { try body([DatabaseAddress.variable: try address.encoded()], "server \(version)") }
        if server == nil { try await tables.drop() }
        try result.get()
    }

    private func preparedSQLite(_ body: ([String: String], String?) throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pool-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "benchmark.db").path
        try await SQLiteTables(path: path).create()
        try body([DatabaseAddress.variable: path], nil)
    }
}

extension Pool {
    /// What `body` returns, once the pool is closed.
    func closed<Value>(after body: (Pool<Driver>) async throws -> Value) async throws -> Value {
        let result: Result<Value, any Error>
        do { result = .success(try await body(self)) } catch { result = .failure(error) }
        try await close(drain: .zero)
        return try result.get()
    }
}
