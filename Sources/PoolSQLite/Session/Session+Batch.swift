internal import PoolSQL

extension Session {
    mutating func executeBatch(_ text: String, _ bindSets: [[SQLValue]]) throws -> [SQLStatementResult] {
        let statement = try statementToRun(text)
        let database = try open()
        var results: [SQLStatementResult] = []
        results.reserveCapacity(bindSets.count)
        for binds in bindSets {
            // A run may be too short for SQLite to poll the signal.
            try checkSignal()
            defer { statement.finish() }
            try statement.bind(binds, configuration.timestampText)
            results.append(try runToEnd(statement, database))
        }
        return results
    }
}
