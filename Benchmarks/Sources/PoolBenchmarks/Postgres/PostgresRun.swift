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

    var title: String {
        switch self {
        case .selectOne: "SELECT 1"
        case .pointSelect: "Point select of 100,000 rows"
        case .thousandRows: "1,000 rows of 4 columns"
        }
    }

    /// The text, in the form of the C programs.
    var text: String {
        switch self {
        case .selectOne: "SELECT 1"
        case .pointSelect: "SELECT id, name FROM pool_benchmark.item WHERE id = $1"
        case .thousandRows: "SELECT id, total, name, ratio FROM pool_benchmark.record"
        }
    }

    var statementOfC: postgres_statement {
        switch self {
        case .selectOne: postgres_select_one
        case .pointSelect: postgres_point_select
        case .thousandRows: postgres_thousand_rows
        }
    }
}

/// Who does it.
enum PostgresContender: String, Codable, CaseIterable {
    case threads = "C, a thread each"
    case epoll = "C, epoll"
    case onLoop = "pool, tasks on the loop"
    case onLoopCodable = "pool, tasks on the loop, Codable"
    case onDefault = "pool, default executor"
    case onDefaultCodable = "pool, default executor, Codable"
    case leasesOnLoop = "pool, leases on the loop"

    /// Those that differ from each other for `statement`.
    static func all(for statement: PostgresStatement) -> [Self] {
        allCases.filter { statement == .thousandRows || !$0.usesCodable }
    }

    var usesCodable: Bool { self == .onLoopCodable || self == .onDefaultCodable }
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
        case .epoll: try measureInC(postgres_epoll, connection)
        case .onLoop, .onLoopCodable, .onDefault, .onDefaultCodable, .leasesOnLoop: try await measurePool(connection)
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
        let isOnLoop = contender == .onLoop || contender == .onLoopCodable
        let measurement = try await load.measure(
            on: isOnLoop ? driver.taskExecutor : nil, PostgresWork.operation(pool, statement, contender.usesCodable))
        await pool.close(drain: .zero)
        return measurement
    }
}
