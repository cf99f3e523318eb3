internal import PoolIO
@_spi(Driver) internal import PoolSQL

// Every function that a statement calls is `mutating`, even if it only reads: otherwise the call would copy the whole
// session, more than 500 bytes.

extension Session {
    /// The results of a statement that are kept.
    enum Keeping {
        /// The rows of the first result that has any.
        case rows
        /// No rows; only the effect of the statement.
        case nothing
        /// All results.
        case everything
    }

    /// Runs one statement to its end. The results that it appends to `results` are valid only if it does not throw.
    mutating func run(
        _ text: String, _ values: [SQLValue], _ keeping: Keeping, into results: inout Results
    ) throws {
        let link = try ready()
        let cached = cache.find(text)
        if values.isEmpty, !goesPrepared(text, cached) { return try runText(text, keeping, link, into: &results) }
        guard let statement = try cached ?? statement(for: text, orText: values.isEmpty, link) else {
            return try runText(text, keeping, link, into: &results)
        }
        do {
            try runPrepared(statement, values, keeping, link, into: &results)
        } catch let error as MySQLError where canRepeat(statement, after: error) {
            results = Results()
            try runPrepared(try self.statement(for: text, link), values, keeping, link, into: &results)
        }
    }

    /// Runs one statement, for the rows of the first result that has any.
    mutating func query(_ text: String, _ values: [SQLValue]) throws -> SQLRows {
        var results = Results()
        try run(text, values, .rows, into: &results)
        return results.takeFirstRows()
    }

    /// Runs one statement for its effect.
    mutating func execute(_ text: String, _ values: [SQLValue]) throws -> SQLStatementResult {
        var results = Results()
        try run(text, values, .nothing, into: &results)
        return results.statementResult
    }

    /// Runs one statement for all its results.
    mutating func queryAll(_ text: String, _ values: [SQLValue]) throws -> [MySQLResultSet] {
        var results = Results()
        try run(text, values, .everything, into: &results)
        return results.all
    }

    /// True if a statement without bind values uses the prepared protocol. A cached statement needs no second check.
    func goesPrepared(_ text: String, _ cached: Statement?) -> Bool {
        guard configuration.statementProtocol == .prepared else { return false }
        return cached != nil || StatementTraits(of: text).contains(.isPreparable)
    }

    // MARK: Prepared

    private mutating func runPrepared(
        _ statement: Statement, _ values: [SQLValue], _ keeping: Keeping, _ link: Link, into results: inout Results
    ) throws {
        try bind(values, to: statement)
        do {
            try execute(statement)
            try collect(statement, keeping, link, into: &results)
            noteSuccess(statement.traits, link)
        } catch {
            statement.freeResult()
            throw noteFailure(error, statement.traits, statement.text)
        }
    }

    /// Sends a statement whose values are bound, and waits until its first result has begun.
    mutating func execute(_ statement: Statement) throws {
        try checkSignal()
        try checkBegins(statement.traits, statement.text)
        try statement.execute(binds)
        if statement.isOutdated { cache.remove(statement.text) }
    }

    mutating func collect(
        _ statement: Statement, _ keeping: Keeping, _ link: Link, into results: inout Results
    ) throws {
        repeat {
            results.append(try collectOne(statement, isKept: keeps(keeping, after: results), link))
        } while try statement.nextResult()
        settleZones(of: &results, link)
    }

    private func keeps(_ keeping: Keeping, after results: borrowing Results) -> Bool {
        keeping == .everything || (keeping == .rows && !results.haveRows)
    }

    private mutating func collectOne(_ statement: Statement, isKept: Bool, _ link: Link) throws -> MySQLResultSet {
        let traits = statement.traits
        let isOut = link.status.contains(.outParameters)
        if statement.columnCount == 0 { return MySQLResultSet(of: link, traits, areOutParameters: isOut) }
        // The status is needed to continue, and libmariadb reads it only if it reads all rows itself.
        if link.status.contains(.moreResults) { try statement.store() }
        let zone = zone(of: traits)
        var builder = SQLRowsBuilder(expectedSize: isKept ? statement.expectedSize : 0)
        var rowCount = 0
        do {
            let limit = isKept ? configuration.resultLimit : nil
            while try statement.take(isKept ? .max : 1_000, into: &builder, zone, within: limit) {
                rowCount += 1_000
                builder.removeAll()
            }
        } catch let error as SQLResultLimitError {
            try drop(.prepared(statement), statement.text, traits, link)
            throw error
        }
        if isKept { statement.expectedSize = builder.size }
        let rows = builder.take(statement.columns)
        rowCount += rows.count
        let result = MySQLResultSet(
            isKept ? rows : SQLRows(columns: statement.columns, values: []), count: rowCount, of: link, traits,
            areOutParameters: isOut)
        statement.freeResult()
        return result
    }

    /// A statement ready for bind values, from the cache if possible.
    mutating func statement(for text: String, _ link: Link) throws -> Statement {
        if let cached = cache.find(text) { return cached }
        let traits = StatementTraits(of: text)
        try checkSize(text.utf8.count)
        let statement: Statement
        do {
            statement = try prepare(text, traits, link)
        } catch {
            throw noteFailure(error, .keepsSession, text)
        }
        cache.insert(statement)
        return statement
    }

    private mutating func prepare(_ text: String, _ traits: StatementTraits, _ link: Link) throws -> Statement {
        do {
            return try Statement(preparing: text, traits: traits, on: link)
        } catch let error as MySQLError where error.code == .tooManyPreparedStatements && cache.count > 0 {
            // Freeing the connection's own statements makes room again.
            cache.removeAll()
            return try Statement(preparing: text, traits: traits, on: link)
        }
    }

    /// A prepared statement; or nil, if `mayGoAsText` and the server cannot prepare the statement, or has no room for
    /// another.
    mutating func statement(for text: String, orText mayGoAsText: Bool, _ link: Link) throws -> Statement? {
        do {
            return try statement(for: text, link)
        } catch let error as MySQLError
            where mayGoAsText && [.unsupportedPrepared, .tooManyPreparedStatements].contains(error.code)
        {
            return nil
        }
    }

    mutating func bind(_ values: [SQLValue], to statement: Statement) throws {
        if values.count != statement.parameterCount {
            throw MySQLError.local(
                .parameterCount,
                "The statement has \(statement.parameterCount) placeholders, but \(values.count) bind values were given"
            ).inStatement(statement.text)
        }
        if values.isEmpty { return }
        do {
            try binds.fill(values, zone)
        } catch let error as MySQLError {
            throw error.inStatement(statement.text)
        }
        try checkSize(binds.byteCount + values.count * 12)
    }

    /// Refuses a request that is larger than the server accepts, for which it would end the connection.
    func checkSize(_ byteCount: Int) throws {
        if byteCount + 64 > maximumPacket {
            throw MySQLError.local(
                .packetTooLarge,
                "The statement has about \(byteCount) bytes, and the server's max_allowed_packet is \(maximumPacket)")
        }
    }

    /// True if a statement has not run at all, because the server has forgotten it, as behind a proxy, and can be
    /// prepared again. Any other error, and the error of a statement that may call others, may have come after an
    /// effect.
    mutating func canRepeat(_ statement: Statement, after error: MySQLError) -> Bool {
        switch error.code {
        case .unknownStatement, .needsReprepare: cache.remove(statement.text)
        default: return false
        }
        // An EXECUTE in a trigger that misses its statement has another message.
        return error.code == .unknownStatement && statement.traits.contains(.isPlain)
            && error.message.hasSuffix("given to mysqld_stmt_execute")
    }

    // MARK: Text

    private mutating func runText(
        _ text: String, _ keeping: Keeping, _ link: Link, into results: inout Results
    ) throws {
        let traits = StatementTraits(of: text)
        try checkBegins(traits, text)
        try checkSize(text.utf8.count)
        try checkSignal()
        do {
            try link.query(text)
            try collectText(keeping, link, traits, into: &results)
            noteSuccess(traits, link)
        } catch {
            throw noteFailure(error, traits, text)
        }
    }

    mutating func collectText(
        _ keeping: Keeping, _ link: Link, _ traits: StatementTraits, into results: inout Results
    ) throws {
        let zone = zone(of: traits)
        repeat {
            results.append(try collectText(link, traits, isKept: keeps(keeping, after: results), zone))
        } while try link.nextResult()
        settleZones(of: &results, link)
    }

    /// Settles the time zone of the results of a procedure or a block: if it has set the time zone, even temporarily,
    /// the zone of its rows is unknown.
    private mutating func settleZones(of results: inout Results, _ link: Link) {
        if !results.areSeveral { return }
        let isKept = isToldOfVariables && !link.changedVariables.contains { $0.name == "time_zone" }
        if zone != .utc || !isKept { results.dropMoments() }
    }

    mutating func collectText(
        _ link: Link, _ traits: StatementTraits, isKept: Bool, _ zone: SessionZone
    ) throws -> MySQLResultSet {
        if link.columnCount == 0 { return MySQLResultSet(of: link, traits, areOutParameters: false) }
        let source = try link.rows()
        var rows = SQLRowsBuilder()
        var count = 0
        do {
            let (limit, columns) = (configuration.resultLimit, source.columns.count)
            while try source.next(into: &rows, zone) {
                count += 1
                if isKept { try rows.check(limit, columns: columns) } else { rows.removeAll() }
            }
        } catch let error as SQLResultLimitError {
            try drop(.text(source), "", traits, link)
            throw error
        }
        return MySQLResultSet(rows.take(source.columns), count: count, of: link, traits, areOutParameters: false)
    }

    /// Ends a result that is too large, in the middle of its rows.
    private mutating func drop(
        _ source: OpenCursor.Source, _ text: String, _ traits: StatementTraits, _ link: Link
    ) throws {
        if link.status.contains(.moreResults) {
            isBroken = true
            return
        }
        cursor = OpenCursor(source, number: nextNumber(), text: text, traits: traits)
        try closeCursor()
    }

    /// Runs a statement of the driver or the configuration, and drops its rows.
    mutating func drop(_ text: String, _ link: Link) throws {
        try link.query(text)
        repeat {
            _ = try collectText(link, .keepsSession, isKept: false, zone)
            noteStatus(link)
        } while try link.nextResult()
    }

    // MARK: Others

    mutating func executeScript(_ script: String) throws {
        let link = try ready()
        let traits = StatementTraits(of: script)
        try checkBegins(traits, script)
        try checkSize(script.utf8.count)
        try link.setAllowsSeveralStatements(true)
        do {
            try drop(script, link)
        } catch let error as MySQLError where error.code == .emptyQuery {
            // The script is empty.
        } catch {
            let error = noteFailure(error, traits, nil)
            if !isBroken { try link.setAllowsSeveralStatements(false) }
            throw error
        }
        noteSuccess(traits, link)
        try link.setAllowsSeveralStatements(false)
    }

    /// Describes a statement by asking the server again, even if it is cached.
    mutating func describe(_ text: String) throws -> SQLStatementDescription {
        let link = try ready()
        cache.remove(text)
        let statement = try statement(for: text, link)
        return SQLStatementDescription(parameterCount: statement.parameterCount, columnNames: statement.columns.names)
    }

    /// Fails if the running operation is to stop.
    mutating func checkSignal() throws {
        if interrupter.signal != .none { throw MySQLError.local(.queryInterrupted, "The statement was interrupted") }
    }
}
