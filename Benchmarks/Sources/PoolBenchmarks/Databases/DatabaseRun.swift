import CBaseline
import Measuring
import PoolSQL

/// One contender on one database, once.
struct DatabaseRun: Codable {
    let database: Database
    let contender: Contender
    let work: Work
    let load: Load
    let connections: Int

    func measure() async throws -> Figures {
        let address = try DatabaseAddress.current()
        return switch database {
        case .postgres: try await measurePostgres(address)
        case .mysql: try await measureMySQL(try MySQLAddress(encoded: address))
        case .sqlite: try await measureSQLite(address)
        }
    }

    var programOfC: clients_program {
        switch work {
        case .storm: clients_storm
        case .memory: clients_memory
        default: clients_load
        }
    }

    /// What a driver brings with it.
    struct Target<Driver: SQLDriver> {
        let driver: Driver
        /// Where the tasks run that prefer the driver's executor.
        var executor: (any TaskExecutor)?
        var reading = AcquireOptions()
        var batch: Statements<Driver>.Batch?
    }

    /// Measures this package. `target` makes a driver that has opened nothing yet.
    func measure<Driver: SQLDriver>(
        _ poolSize: Int, _ target: () throws -> Target<Driver>
    ) async throws -> Figures {
        var configuration = try PoolConfiguration(name: "benchmark", maximumConnections: poolSize)
        if let connects = contender.connects { configuration.concurrentConnects = connects }
        func pool(_ target: Target<Driver>) throws -> Statements<Driver> {
            Statements(pool: try Pool(driver: target.driver, configuration: configuration), reading: target.reading)
        }
        if work == .storm {
            return try await Storm.measure(load, open: { try pool(try target()) }) { statements in
                try await statements.selectOne()
            } close: { statements in
                try await statements.pool.close(drain: .zero)
            }
        }
        let target = try target()
        let statements = try pool(target)
        let measurement =
            work == .memory
            ? try await measureMemory(statements)
            : try await load.measure(
                on: contender.program == .onExecutor ? target.executor : nil,
                statements.operation(work, contender.form, count: load.operationsPerCall, batch: target.batch))
        try await statements.pool.close(drain: .zero)
        return measurement
    }

    /// All connections at once, each used once.
    private func measureMemory<Driver: SQLDriver>(_ statements: Statements<Driver>) async throws -> Figures {
        func hold(_ count: Int) async throws {
            if count == 0 { return }
            try await statements.pool.withConnection { connection in
                _ = try await connection.query("SELECT id, name FROM item WHERE id = \(count)")
                try await hold(count - 1)
            }
        }
        var result = measurement_result()
        let memory = measurement_resident_memory()
        measurement_begin(&result)
        try await hold(connections)
        measurement_end(&result)
        result.memory = measurement_resident_memory() - memory
        result.operations = Int64(connections)
        return try Figures(result)
    }
}
