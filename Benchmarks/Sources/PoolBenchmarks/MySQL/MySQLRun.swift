import CBaseline
import CMySQLBaseline
import Foundation
import PoolCore
import PoolMySQL

/// What each task does again and again.
enum MySQLStatement: String, Codable, CaseIterable {
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

    /// The text, in the form of the C program.
    var text: String {
        switch self {
        case .selectOne: "SELECT 1"
        case .pointSelect, .hundredSelects: "SELECT id, name FROM pool_benchmark.item WHERE id = ?"
        case .thousandRows: "SELECT id, total, name, ratio FROM pool_benchmark.record"
        }
    }

    func load(tasks: Int, seconds: Double) -> Load {
        Load(tasks: tasks, operationsPerCall: self == .hundredSelects ? 100 : 1, seconds: seconds)
    }

    var statementOfC: mysql_statement {
        switch self {
        case .selectOne: mysql_select_one
        case .pointSelect, .hundredSelects: mysql_point_select
        case .thousandRows: mysql_thousand_rows
        }
    }
}

/// Who does it.
enum MySQLContender: String, Codable {
    case threads = "C, a thread each"
    case onThreads = "pool, tasks on the driver's threads"
    case onThreadsCodable = "pool, tasks on the driver's threads, Codable"
    case onThreadsStreamed = "pool, tasks on the driver's threads, streamed"
    case leases = "pool, leases on the driver's threads"
    case leasesCodable = "pool, leases on the driver's threads, Codable"
    case onDefault = "pool, default executor"

    /// Those that differ from each other for `statement`.
    static func all(for statement: MySQLStatement) -> [Self] {
        switch statement {
        case .selectOne, .pointSelect, .hundredSelects: [.threads, .onThreads, .leases, .onDefault]
        case .thousandRows:
            [.threads, .onThreads, .onThreadsCodable, .onThreadsStreamed, .leases, .leasesCodable, .onDefault]
        }
    }

    var isOnThreads: Bool { [.onThreads, .onThreadsCodable, .onThreadsStreamed].contains(self) }

    var form: MySQLWork.Form {
        switch self {
        case .threads, .onThreads, .leases, .onDefault: .plain
        case .onThreadsCodable, .leasesCodable: .codable
        case .onThreadsStreamed: .streamed
        }
    }
}

/// One contender, once.
struct MySQLRun: Codable {
    let contender: MySQLContender
    let statement: MySQLStatement
    let load: Load
    let connections: Int

    static let keys = 100_000
    /// The variable with the address, which may hold a password and so is no argument.
    static let addressVariable = "POOL_BENCHMARK_MYSQL"

    func measure() async throws -> Measurement {
        guard let text = ProcessInfo.processInfo.environment[Self.addressVariable] else {
            throw BenchmarkError("\(Self.addressVariable) is not set")
        }
        let address = try MySQLAddress(encoded: text)
        return contender == .threads ? try measureInC(address) : try await measurePool(address)
    }

    private func measureInC(_ address: MySQLAddress) throws -> Measurement {
        try Measurement.ofProgram { result, message, size in
            address.withStrings { host, socket, user, password in
                statement.text.withCString { text in
                    var run = mysql_run(
                        host: host, socket: socket, port: Int32(address.port), user: user, password: password,
                        text: text, statement: statement.statementOfC, keys: Int64(Self.keys),
                        connections: Int32(connections), load: load.loadOfC)
                    return mysql_threads(&run, result, message, size)
                }
            }
        }
    }

    private func measurePool(_ address: MySQLAddress) async throws -> Measurement {
        let configuration = try address.configuration(contender == .onDefault ? .caller : .driverThreads)
        let driver = MySQLDriver(configuration: configuration)
        let pool = try MySQLPool(
            driver: driver, configuration: PoolConfiguration(name: "benchmark", maximumConnections: connections))
        let measurement = try await load.measure(
            on: contender.isOnThreads ? driver.taskExecutor : nil,
            MySQLWork.operation(pool, statement, contender.form, count: load.operationsPerCall))
        await pool.close(drain: .zero)
        return measurement
    }
}
