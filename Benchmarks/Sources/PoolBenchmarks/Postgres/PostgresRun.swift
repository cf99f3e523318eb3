import CBaseline
import CPostgresBaseline
import Foundation
import PoolCore
import PoolPostgres

/// What each task does again and again.
enum PostgresStatement: String, Codable, CaseIterable {
    case selectOne = "select1"
    case pointSelect = "point"
    case thousandRows = "rows"
    case hundredSelects = "batch"

    var title: String {
        switch self {
        case .selectOne: "SELECT 1"
        case .pointSelect: "Point select of 100,000 rows"
        case .thousandRows: "1,000 rows of 4 columns"
        case .hundredSelects: "point selects, 100 in a lease"
        }
    }

    /// The text, in the form of the C programs.
    var text: String {
        switch self {
        case .selectOne: "SELECT 1"
        case .pointSelect, .hundredSelects: "SELECT id, name FROM pool_benchmark.item WHERE id = $1"
        case .thousandRows: "SELECT id, total, name, ratio FROM pool_benchmark.record"
        }
    }

    func load(tasks: Int, seconds: Double) -> Load {
        Load(tasks: tasks, operationsPerCall: self == .hundredSelects ? 100 : 1, seconds: seconds)
    }

    var statementOfC: postgres_statement {
        switch self {
        case .selectOne: postgres_select_one
        case .pointSelect, .hundredSelects: postgres_point_select
        case .thousandRows: postgres_thousand_rows
        }
    }
}

/// Who does it.
enum PostgresContender: String, Codable {
    case threads = "C, a thread each"
    case pipelines = "C, a thread each, pipeline mode"
    case epoll = "C, epoll"
    case onLoop = "pool, tasks on the loop"
    case onLoopCodable = "pool, tasks on the loop, Codable"
    case onLoopStreamed = "pool, tasks on the loop, streamed"
    case onLoopBatch = "pool, tasks on the loop, batch"
    case onDefault = "pool, default executor"
    case onDefaultCodable = "pool, default executor, Codable"
    case onDefaultBatch = "pool, default executor, batch"
    case leasesOnLoop = "pool, leases on the loop"

    /// Those that differ from each other for `statement`.
    static func all(for statement: PostgresStatement) -> [Self] {
        switch statement {
        case .selectOne, .pointSelect: [.threads, .epoll, .onLoop, .onDefault, .leasesOnLoop]
        case .thousandRows:
            [
                .threads, .epoll, .onLoop, .onLoopCodable, .onLoopStreamed, .onDefault, .onDefaultCodable,
                .leasesOnLoop,
            ]
        case .hundredSelects: [.threads, .pipelines, .onLoop, .onLoopBatch, .onDefault, .onDefaultBatch]
        }
    }

    var isOnLoop: Bool {
        [.onLoop, .onLoopCodable, .onLoopStreamed, .onLoopBatch].contains(self)
    }

    var form: PostgresWork.Form {
        switch self {
        case .threads, .pipelines, .epoll, .onLoop, .onDefault, .leasesOnLoop: .plain
        case .onLoopCodable, .onDefaultCodable: .codable
        case .onLoopStreamed: .streamed
        case .onLoopBatch, .onDefaultBatch: .batch
        }
    }
}

/// One contender, once.
struct PostgresRun: Codable {
    let contender: PostgresContender
    let statement: PostgresStatement
    let load: Load
    let connections: Int

    static let keys = 100_000
    /// The variable with the connection string, which may hold a password and so is no argument.
    static let connectionVariable = "POOL_BENCHMARK_POSTGRES"

    func measure() async throws -> Measurement {
        guard let connection = ProcessInfo.processInfo.environment[Self.connectionVariable] else {
            throw BenchmarkError("\(Self.connectionVariable) is not set")
        }
        return switch contender {
        case .threads: try measureInC(postgres_threads, connection)
        case .pipelines: try measureInC(postgres_pipelines, connection)
        case .epoll: try measureInC(postgres_epoll, connection)
        default: try await measurePool(connection)
        }
    }

    private typealias Program = (
        UnsafePointer<postgres_run>, UnsafeMutablePointer<measurement_result>, UnsafeMutablePointer<CChar>, Int
    ) -> Int32

    private func measureInC(_ program: Program, _ connection: String) throws -> Measurement {
        try Measurement.ofProgram { result, message, size in
            connection.withCString { connection in
                statement.text.withCString { text in
                    var run = postgres_run(
                        connection: connection, text: text, statement: statement.statementOfC, keys: Int64(Self.keys),
                        connections: Int32(connections), load: load.loadOfC)
                    return program(&run, result, message, size)
                }
            }
        }
    }

    private func measurePool(_ connection: String) async throws -> Measurement {
        let driver = PostgresDriver(
            configuration: try PostgresConfiguration(
                connection, execution: contender == .leasesOnLoop ? .eventLoop : .caller))
        let pool = try PostgresPool(
            driver: driver, configuration: PoolConfiguration(name: "benchmark", maximumConnections: connections))
        let measurement = try await load.measure(
            on: contender.isOnLoop ? driver.taskExecutor : nil,
            PostgresWork.operation(pool, statement, contender.form, count: load.operationsPerCall))
        await pool.close(drain: .zero)
        return measurement
    }
}
