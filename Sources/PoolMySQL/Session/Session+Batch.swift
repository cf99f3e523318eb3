internal import PoolSQL

extension Session {
    mutating func executeBatch(_ text: String, _ bindSets: [[SQLValue]]) throws -> [SQLStatementResult] {
        let link = try ready()
        var statement = try statement(for: text, link)
        var results: [SQLStatementResult] = []
        results.reserveCapacity(bindSets.count)
        // Bulk execution needs a transaction, whose begin would unlock tables.
        let isBulk =
            hasBulkExecution && statement.traits.contains(.isPlainInsert) && statement.parameterCount > 0
            && !mayHoldTableLocks
        while results.count < bindSets.count {
            if statement.isOutdated { statement = try self.statement(for: text, link) }
            if isBulk, bindSets.count - results.count > 1 {
                results += try runTogether(statement, bindSets[results.count...], link)
            } else {
                results.append(try runOne(statement, bindSets[results.count], link))
            }
        }
        return results
    }

    /// Without autocommit, a transaction begins with its first statement.
    private func isInTransaction(_ link: Link) -> Bool {
        link.status.contains(.inTransaction) || !link.status.contains(.autocommit)
    }

    private mutating func runOne(
        _ statement: Statement, _ values: [SQLValue], _ link: Link
    ) throws -> SQLStatementResult {
        try bind(values, to: statement)
        do {
            try execute(statement)
            var results = Results()
            try collect(statement, .nothing, link, into: &results)
            noteSuccess(statement.traits, link)
            return results.statementResult
        } catch {
            statement.freeResult()
            let error = noteFailure(error, statement.traits, statement.text)
            guard let failure = error as? MySQLError, canRepeat(statement, after: failure) else { throw error }
            return try execute(statement.text, values)
        }
    }

    /// Runs the first few of `bindSets` in one request, with the effect of running them one after the other.
    ///
    /// The server treats the request as one statement. If one run fails the server undoes all, in tables with
    /// transactions; the runs are then repeated one by one, so that those before the failure stay done. Tables
    /// without transactions keep them anyway.
    private mutating func runTogether(
        _ statement: Statement, _ bindSets: ArraySlice<[SQLValue]>, _ link: Link
    ) throws -> [SQLStatementResult] {
        for values in bindSets.prefix(1) where values.count != statement.parameterCount {
            try bind(values, to: statement)
        }
        let rows: BulkRows
        do {
            rows = try BulkRows(bindSets, limit: 1_000, maximumBytes: maximumPacket / 2, zone)
        } catch let error as MySQLError {
            throw error.inStatement(statement.text)
        }
        if rows.count < 2 { return [try runOne(statement, bindSets[bindSets.startIndex], link)] }
        try checkSignal()
        let isInTransaction = isInTransaction(link)
        try runOwn(isInTransaction ? "SAVEPOINT pool_batch" : "START TRANSACTION", link)
        do {
            try statement.execute(rows)
            let affectedRows = link.affectedRows
            noteSuccess(statement.traits, link)
            if !isInTransaction { try runOwn("COMMIT", link) }
            return Array(repeating: SQLStatementResult(affectedRows: affectedRows / rows.count), count: rows.count)
        } catch {
            statement.freeResult()
            let error = noteFailure(error, statement.traits, statement.text)
            guard !isBroken, link.status.contains(.inTransaction) else { throw error }
            try runOwn(isInTransaction ? "ROLLBACK TO SAVEPOINT pool_batch" : "ROLLBACK", link)
            if try link.warningCount > 0 && cannotUndo(link) { throw error }
        }
        var results: [SQLStatementResult] = []
        for values in bindSets.prefix(rows.count) { results.append(try runOne(statement, values, link)) }
        return results
    }

    /// True if the rollback that was just run has left changes in tables without transactions.
    private mutating func cannotUndo(_ link: Link) throws -> Bool {
        // ER_WARNING_NOT_COMPLETE_ROLLBACK
        try warnings(link).contains { $0.code.rawValue == 1196 }
    }

    /// The server's warnings about the latest statement that had any.
    mutating func warnings(_ link: Link) throws -> [MySQLWarning] {
        do {
            try link.query("SHOW WARNINGS")
            let rows = try collectText(link, .keepsSession, isKept: true, zone).rows
            return try rows.decode((String, UInt32, String).self).map { level, code, message in
                MySQLWarning(level: level, code: MySQLError.Code(rawValue: code), message: message)
            }
        } catch {
            throw noteFailure(error, .keepsSession, "SHOW WARNINGS")
        }
    }
}
