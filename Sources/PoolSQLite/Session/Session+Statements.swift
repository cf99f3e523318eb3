internal import PoolIO
@_spi(Driver) internal import PoolSQL

extension Session {
    mutating func execute(_ text: String, _ binds: [SQLValue]) throws -> SQLStatementResult {
        try execute(statementToRun(text), binds)
    }

    /// Returns nil without running it if SQLite would not poll the progress handler, so that it could not be
    /// cancelled here.
    mutating func executeIfAsking(_ text: String, _ binds: [SQLValue]) throws -> SQLStatementResult? {
        let statement = try statementToRun(text)
        return statement.traits.contains(.needsInterrupt) ? nil : try execute(statement, binds)
    }

    private func execute(_ statement: Statement, _ binds: [SQLValue]) throws -> SQLStatementResult {
        defer { statement.finish() }
        try statement.bind(binds, configuration.timestampText)
        return try runToEnd(statement, open())
    }

    mutating func query(_ text: String, _ binds: [SQLValue]) throws -> SQLRows {
        try query(statementToRun(text), binds)
    }

    /// Returns nil without running the query if SQLite would not poll the progress handler, as
    /// ``executeIfAsking(_:_:)`` does.
    mutating func queryIfAsking(_ text: String, _ binds: [SQLValue]) throws -> SQLRows? {
        let statement = try statementToRun(text)
        return statement.traits.contains(.needsInterrupt) ? nil : try query(statement, binds)
    }

    private func query(_ statement: Statement, _ binds: [SQLValue]) throws -> SQLRows {
        defer { statement.finish() }
        try statement.bind(binds, configuration.timestampText)
        var rows = SQLRowsBuilder(expectedSize: statement.expectedSize)
        if try statement.firstStep() {
            let (limit, columns) = (configuration.resultLimit, statement.columns.count)
            repeat {
                statement.readRow(into: &rows)
                try rows.check(limit, columns: columns)
            } while try statement.step()
        }
        statement.expectedSize = rows.size
        return rows.take(statement.columns)
    }

    mutating func describe(_ text: String) throws -> SQLStatementDescription {
        try requireTransactionAlive()
        let database = try open()
        // SQLite notices other connections' changes of the schema only when it reads.
        try database.run("SELECT 1 FROM sqlite_master LIMIT 1")
        let statement = try database.prepare(text, isPersistent: cache.capacity > 0)
        if cache.find(text) == nil, !statement.traits.contains(.changesSession) { cache.insert(statement) }
        return SQLStatementDescription(parameterCount: statement.parameterCount, columnNames: statement.columns.names)
    }

    mutating func executeScript(_ script: String) throws {
        try requireTransactionAlive()
        if resetsAlways { isUsed = true }
        try open().runScript(script, beforeEach: { try requireAccess($0) }, afterEach: { _ in try checkSignal() })
    }

    func runToEnd(_ statement: Statement, _ database: Database) throws -> SQLStatementResult {
        let traits = statement.traits
        var insertedID: Int64?
        if traits.contains(.insertsRows) {
            insertedID = try database.insertedID.observe(database) { while try statement.step() {} }
        } else {
            while try statement.step() {}
        }
        if !traits.countsRows { return SQLStatementResult(affectedRows: 0) }
        return SQLStatementResult(affectedRows: database.changes, lastInsertedID: insertedID)
    }

    /// A statement that this lease may run, ready for bind values.
    mutating func statementToRun(_ text: String) throws -> Statement {
        let statement = try statement(for: text)
        try requireAccess(statement)
        if resetsAlways { isUsed = true }
        return statement
    }

    /// Refuses statements that a lease that only reads may not run. Temporary tables may be written, as with a
    /// reader's handle.
    func requireAccess(_ statement: Statement) throws {
        if isForReading, statement.writesDatabase { throw Self.readingError(statement.text) }
    }

    static func readingError(_ text: String? = nil) -> SQLiteError {
        SQLiteError(.readOnly, "This lease only reads", sql: text)
    }

    /// A statement, from the cache if possible.
    mutating func statement(for text: String) throws -> Statement {
        try requireTransactionAlive()
        var isInUse = false
        if let cached = cache.find(text) {
            if !cached.isInUse { return cached }
            isInUse = true
        }
        let statement = try open().prepare(text, isPersistent: cache.capacity > 0)
        // A setting is not cached: SQLite would apply it again at each repeated preparation.
        if !isInUse, !statement.traits.contains(.changesSession) { cache.insert(statement) }
        return statement
    }

    /// Fails if the running operation should stop.
    func checkSignal() throws {
        if interrupter.signal != .none { throw SQLiteError(.interrupt, "interrupted") }
    }
}
