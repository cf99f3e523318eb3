import CBaseline
import Measuring
import PoolSQLite

extension DatabaseRun {
    func measureSQLite(_ path: String) async throws -> Figures {
        if contender.program == .threads { return try measureInC(path) }
        // One more writes.
        return try await measure(connections + 1) {
            let driver = SQLiteDriver(
                configuration: try SQLiteConfiguration(
                    .path(path), execution: contender.program == .onDefault ? .caller : .driver))
            return Target(driver: driver, reading: .readOnly)
        }
    }

    private func measureInC(_ path: String) throws -> Figures {
        try Figures.ofProgram { result, message, size in
            path.withCString { path in
                var run = sqlite_run(
                    path: path, work: workOfC, keys: Int64(Work.keys), connections: Int32(connections),
                    load: load.loadOfC)
                return sqlite_threads(&run, result, message, size)
            }
        }
    }

    private var workOfC: sqlite_work {
        switch work {
        case .selectOne, .storm: sqlite_select_one
        case .point, .batch, .memory: sqlite_point_read
        case .mixed: sqlite_mixed
        case .rows: sqlite_thousand_rows
        }
    }
}
