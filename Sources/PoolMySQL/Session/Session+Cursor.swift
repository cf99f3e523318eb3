@_spi(Driver) internal import PoolSQL

extension Session {
    /// The start of a stream.
    enum Opened: Sendable {
        case running(UInt64, SQLColumns)
        /// All rows have arrived already.
        case collected(SQLRows)
    }

    /// Starts a statement whose rows are fetched later. A `CALL` runs to its end, because its results follow one
    /// another.
    mutating func openCursor(_ text: String, _ values: [SQLValue]) throws -> Opened {
        let link = try ready()
        if values.isEmpty, !goesPrepared(text, cache.find(text)) { return try openText(text, link) }
        var isRepeated = false
        while true {
            guard let statement = try statement(for: text, orText: values.isEmpty, link) else {
                return try openText(text, link)
            }
            do {
                return try openPrepared(statement, values, link)
            } catch let error as MySQLError where !isRepeated && canRepeat(statement, after: error) {
                // The forgotten statement must be freed before the next is open: its end would take the next one's
                // rows.
                isRepeated = true
            }
        }
    }

    private mutating func openPrepared(_ statement: Statement, _ values: [SQLValue], _ link: Link) throws -> Opened {
        try bind(values, to: statement)
        do {
            try execute(statement)
            if statement.columnCount == 0 || link.status.contains(.moreResults) {
                var results = Results()
                try collect(statement, .rows, link, into: &results)
                noteSuccess(statement.traits, link)
                return .collected(results.takeFirstRows())
            }
        } catch {
            statement.freeResult()
            throw noteFailure(error, statement.traits, statement.text)
        }
        return begin(.prepared(statement), statement.text, statement.traits)
    }

    private mutating func openText(_ text: String, _ link: Link) throws -> Opened {
        let traits = StatementTraits(of: text)
        try checkBegins(traits, text)
        try checkSize(text.utf8.count)
        do {
            try checkSignal()
            try link.query(text)
            if link.columnCount > 0, !link.status.contains(.moreResults) {
                return begin(.text(try link.rows()), text, traits)
            }
            var results = Results()
            try collectText(.everything, link, traits, into: &results)
            noteSuccess(traits, link)
            return .collected(results.takeFirstRows())
        } catch {
            throw noteFailure(error, traits, text)
        }
    }

    private mutating func begin(_ source: OpenCursor.Source, _ text: String, _ traits: StatementTraits) -> Opened {
        let open = OpenCursor(source, number: nextNumber(), text: text, traits: traits)
        cursor = open
        return .running(open.number, open.columns)
    }

    /// Fetches up to `maximumRows` rows, and tells whether there may be more.
    mutating func fetch(_ number: UInt64, maximumRows: Int) throws -> (rows: SQLRows, mayHaveMore: Bool) {
        let link = try open()
        guard let open = cursor, open.number == number else {
            throw MySQLError.local(
                .misuse, "The stream is closed: its transaction or its lease has ended, or it was closed")
        }
        var rows = SQLRowsBuilder(expectedSize: open.expectedSize)
        do {
            try checkSignal()
            let mayHaveMore = try open.take(max(1, maximumRows), into: &rows, zone(of: open.traits))
            if !mayHaveMore { finish(open, link) }
            open.expectedSize = rows.size
            return (rows.take(open.columns), mayHaveMore)
        } catch let error as MySQLError where error.isLocal {
            // The rows of the stream are still to come.
            try closeCursor()
            throw error
        } catch {
            open.finish()
            cursor = nil
            throw noteFailure(error, open.traits, open.text)
        }
    }

    private mutating func finish(_ open: OpenCursor, _ link: Link) {
        open.finish()
        cursor = nil
        noteSuccess(open.traits, link)
    }

    /// Ends the open stream, if there is one. If many rows are left of a statement that only reads, the server is
    /// asked to stop; else they are read, because stopping a statement undoes what it wrote.
    mutating func closeCursor() throws {
        guard let open = cursor else { return }
        let link = try self.open()
        var dropped = SQLRowsBuilder()
        do {
            var mayHaveMore = try open.take(500, into: &dropped, zone)
            if mayHaveMore, open.traits.contains(.onlyReads) { interrupter.stopRunning() }
            while mayHaveMore {
                dropped.removeAll()
                mayHaveMore = try open.take(1_000, into: &dropped, zone)
            }
            finish(open, link)
        } catch {
            open.finish()
            cursor = nil
            let error = noteFailure(error, open.traits, open.text)
            // The stream's rows and errors are not needed any more.
            if isBroken { throw error }
        }
    }
}
