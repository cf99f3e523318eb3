internal import PoolSQL

extension Session {
    /// Asks the server about unknown types. Within a transaction, which must not fail for this, it uses a savepoint.
    ///
    /// - Returns: False if there is nothing to ask, or the server cannot be asked now.
    mutating func startTypeLookup(of columns: [UInt32]) throws -> Bool {
        let askable = types.askable(among: columns)
        guard !askable.isEmpty, exchange == nil, let link else { return false }
        let query = TypeCatalog.query(askable)
        switch link.transactionStatus {
        case .idle: try startCommand(query, dropsRows: false)
        case .inTransaction:
            let name = Self.typesSavepoint
            try startCommand("SAVEPOINT \(name); \(query); RELEASE SAVEPOINT \(name)", dropsRows: false)
        case .active, .failed, .unknown: return false
        }
        exchange?.askedTypes = askable
        return true
    }

    /// Ends what ``startTypeLookup(of:)`` began.
    mutating func finishTypeLookup() throws {
        let asked = exchange?.askedTypes ?? []
        do {
            let answer = try finish().rows
            types.note(answer, to: asked, isFinal: !isInExplicitTransaction)
        } catch {
            // A stopped lookup may succeed the next time. A role without the right is refused each time.
            types.makeRoom(for: asked)
            types.noteNoAnswer(to: asked, isFinal: (error as? PostgresError)?.mayPass == false)
            throw error
        }
    }
}

extension PostgresError {
    /// True for temporary failures: of the connection, of other sessions, of resources, and by an operator's
    /// intervention. https://www.postgresql.org/docs/current/errcodes-appendix.html
    fileprivate var mayPass: Bool { ["08", "40", "53", "55", "57", "58"].contains(code.errorClass) }
}
