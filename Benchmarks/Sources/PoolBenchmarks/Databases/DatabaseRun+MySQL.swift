import CBaseline
import CMySQLBaseline
import Measuring
import PoolMySQL

extension DatabaseRun {
    func measureMySQL(_ address: MySQLAddress) async throws -> Figures {
        if contender.program == .threads { return try measureInC(address) }
        return try await measure(connections) {
            let driver = MySQLDriver(
                configuration: try address.configuration(contender.program == .onDefault ? .caller : .driver))
            return Target(driver: driver, executor: driver.taskExecutor)
        }
    }

    private func measureInC(_ address: MySQLAddress) throws -> Figures {
        try Figures.ofProgram { result, message, size in
            address.withStrings { host, socket, user, password, database in
                work.text(placeholder: "?").withCString { text in
                    var run = mysql_run(
                        host: host, socket: socket, port: Int32(address.port), user: user, password: password,
                        database: database, text: text, statement: statementOfC, keys: Int64(Work.keys),
                        connections: Int32(connections), load: load.loadOfC)
                    return mysql_clients(&run, programOfC, result, message, size)
                }
            }
        }
    }

    private var statementOfC: mysql_statement {
        switch work {
        case .selectOne, .storm: mysql_select_one
        case .point, .batch, .mixed, .memory: mysql_point_select
        case .rows: mysql_thousand_rows
        }
    }
}
