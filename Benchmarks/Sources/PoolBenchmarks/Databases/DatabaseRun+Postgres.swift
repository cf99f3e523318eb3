import CBaseline
import CPostgresBaseline
import Measuring
import PoolPostgres

extension DatabaseRun {
    func measurePostgres(_ connection: String) async throws -> Figures {
        switch contender.program {
        case .threads, .pipelines, .epoll: try measureInC(connection)
        default:
            try await measure(connections) {
                let driver = PostgresDriver(
                    configuration: try PostgresConfiguration(
                        connection, execution: contender.program == .leases ? .driver : .caller))
                return Target(
                    driver: driver, executor: try driver.taskExecutor,
                    batch: { pool, statements in
                        try await pool.withConnection { connection in
                            try await connection.batch(statements).map { try $0.get() }
                        }
                    })
            }
        }
    }

    private func measureInC(_ connection: String) throws -> Figures {
        try Figures.ofProgram { result, message, size in
            connection.withCString { connection in
                work.text(placeholder: "$1").withCString { text in
                    var run = postgres_run(
                        connection: connection, text: text, statement: statementOfC, keys: Int64(Work.keys),
                        connections: Int32(connections), is_pipelined: contender.program == .pipelines,
                        load: load.loadOfC)
                    return contender.program == .epoll
                        ? postgres_epoll(&run, result, message, size)
                        : postgres_clients(&run, programOfC, result, message, size)
                }
            }
        }
    }

    private var statementOfC: postgres_statement {
        switch work {
        case .selectOne, .storm: postgres_select_one
        case .point, .batch, .mixed, .memory: postgres_point_select
        case .rows: postgres_thousand_rows
        }
    }
}
