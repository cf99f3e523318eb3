internal import PoolSQL

extension Session {
    /// A savepoint around the questions to the server within a transaction, so that they can be repeated with the
    /// values' types.
    static let typesSavepoint = "pool_types"

    /// Asks the server what a statement takes and returns, and makes it keep the statement if there is a name. All in
    /// one round trip, and within one sync point, so that it is safe behind a pooler too.
    ///
    /// - Parameter hasBinds: False if there are no values that could decide types.
    mutating func startPreparing(_ statement: KnownStatement, as name: StatementName? = nil, hasBinds: Bool) throws {
        let link = try ready()
        // A name that exists on the server already is an error too.
        let isGuarded = (hasBinds || name != nil) && link.transactionStatus == .inTransaction
        try link.enterPipeline()
        let exchange = Exchange(statement: statement, isPreparing: true)
        exchange.isPipeline = true
        exchange.preparedName = name
        exchange.pendingSyncs = 1
        // Even if no more statements are kept: the pool may have changed their number.
        if link.transactionStatus == .idle, !cache.unneeded.isEmpty {
            for name in cache.takeUnneeded() { try sendOwn("DEALLOCATE \(name)", link) }
            // A separate sync point: the statement may be gone already, which must not matter.
            try link.sendSync()
            exchange.pendingSyncs = 2
        }
        if isGuarded { try sendOwn("SAVEPOINT \(Self.typesSavepoint)", link) }
        try link.sendPrepare(name?.text ?? "", statement.text, name?.shape.parameterTypes ?? statement.types)
        try link.sendDescribe(name?.text ?? "")
        if isGuarded { try sendOwn("RELEASE SAVEPOINT \(Self.typesSavepoint)", link) }
        try link.sendSync()
        self.exchange = exchange
    }

    /// Sends a command of the driver's own in a pipeline.
    func sendOwn(_ text: String, _ link: Link) throws {
        try link.send(text, [], BindBuffer(), 0..<0, binaryResults: false)
    }

    /// Ends what ``startPreparing(_:as:hasBinds:)`` began.
    mutating func finishPreparing() throws {
        let (statement, name) = (exchange?.statement, exchange?.preparedName)
        let isParsed = exchange?.learned != nil
        do {
            _ = try finish()
        } catch {
            if let statement, let name { note(error, of: statement, preparedAs: name, isParsed: isParsed) }
            throw error
        }
    }

    /// Notes that the server has refused to prepare a statement, or, if it `isParsed`, to describe it.
    mutating func note(
        _ error: any Error, of statement: KnownStatement, preparedAs name: StatementName, isParsed: Bool
    ) {
        if (error as? PostgresError)?.code == .duplicateStatementName {
            // Prepared already, by this session or by another client of the server's session: the name proves that it
            // is this statement.
            cache.keep(statement, name)
        } else if isParsed {
            cache.noteUnneeded(name)
        }
    }

    /// Keeps the server's description of a statement, unless an error came between.
    mutating func learn() {
        guard let exchange, exchange.isPreparing, !exchange.hasFailed, let shape = exchange.learned,
            let statement = exchange.statement
        else { return }
        exchange.learned = nil
        cache.learn(shape, of: statement, name: exchange.preparedName)
    }

    // MARK: Describing

    /// Asks about a statement without running it, even if it is known: the knowledge may be old.
    mutating func startDescribing(_ request: StatementRequest) throws {
        let link = try ready()
        try requireUsable(link)
        if !request.isDescribable {
            throw PostgresError(
                code: .programLimitExceeded,
                message: "libpq cannot describe a statement of \(request.parameterCount) bind values")
        }
        let base = cache.statement(request.text)
        // Only the types that the server could not infer need values.
        let statement = base.undetermined.isEmpty ? base : try fitting(base, request)
        try startPreparing(statement, hasBinds: request.parameterCount > 0)
    }

    /// Ends what ``startDescribing(_:)`` began.
    mutating func finishDescribing() throws -> SQLStatementDescription {
        let statement = exchange?.statement
        do {
            try finishPreparing()
        } catch {
            // The earlier knowledge is no longer true.
            if let statement { cache.forget(statement.text) }
            throw error
        }
        guard let shape = statement?.shape else { throw PostgresError.closed }
        return SQLStatementDescription(parameterCount: shape.parameterTypes.count, columnNames: shape.columns.names)
    }

    // MARK: Healing

    /// The reaction to an error.
    enum Remedy: Sendable {
        case none
        /// Run the statement again, but only once.
        case again
        /// Continue, with types that the values decide, or with what the server has kept already.
        case goOn
        /// Go back to the savepoint, and continue.
        case goOnFromSavepoint
        /// Run the statement again if the server now takes other types than it reported.
        case againIfChanged
    }

    /// The reaction to an error. Knowledge that has proved wrong is forgotten. Only a statement without effect runs
    /// again.
    ///
    /// - Parameters:
    ///   - isPreparing: True if the server was only asked about the statement.
    ///   - isKnown: True if the statement ran with the server's earlier description.
    mutating func remedy(
        for error: PostgresError, _ request: StatementRequest, isPreparing: Bool, isKnown: Bool
    ) -> Remedy {
        guard !isBroken, let link, exchange == nil else { return .none }
        let isIdle = link.transactionStatus == .idle && !isTransactionOpen
        if isPreparing, error.code == .duplicateStatementName {
            return isIdle ? .goOn : link.transactionStatus == .failed ? .goOnFromSavepoint : .none
        }
        let traits = cache.statement(request.text).traits
        // A statement that may have had an effect never runs again.
        let hasDoneNothing = isPreparing || traits.contains(.isPlain) && error.precedesExecution
        if error.asksToPrepareAgain {
            forgetStale(request.text, after: error)
            return isIdle && hasDoneNothing ? .again : .none
        }
        if error.isStaleShape {
            forgetStale(request.text, after: error)
            return isIdle && traits.contains([.isPlain, .onlyReads]) ? .again : .none
        }
        if error.mayBeTooLongAsText {
            // The next run asks what the statement returns, and reads it in binary.
            return isIdle && traits.contains([.isPlain, .onlyReads]) ? .again : .none
        }
        if isPreparing || !request.isDescribable {
            guard letValuesDecide(request, error) else { return .none }
            if isIdle { return hasDoneNothing ? .goOn : .none }
            return isPreparing && link.transactionStatus == .failed ? .goOnFromSavepoint : .none
        }
        guard isKnown, error.mayComeFromOldTypes, let running = cache.running, running.text == request.text else {
            return .none
        }
        let isHarmless = hasDoneNothing || error.code == .internalError && traits.contains([.isPlain, .onlyReads])
        if isIdle, isHarmless { return .againIfChanged }
        // The next transaction asks again.
        cache.forget(request.text)
        return .none
    }

    /// Notes that the server could not infer the type of a parameter. False if the error says something else, or that
    /// is known already.
    mutating func letValuesDecide(_ request: StatementRequest, _ error: PostgresError) -> Bool {
        let base = cache.statement(request.text)
        return letValuesDecide(base, request.parameterCount, error)
    }

    mutating func letValuesDecide(_ base: KnownStatement, _ count: Int, _ error: PostgresError) -> Bool {
        let before = base.undetermined.count
        if error.mayLackTypes, count > 0 {
            if let parameter = error.parameterNumber, (1...count).contains(parameter) {
                base.undetermined.insert(parameter - 1)
            } else {
                base.undetermined.formUnion(0..<count)
            }
        }
        if base.undetermined.count > before {
            base.shape = nil
            return true
        }
        // The types of the values did not help: the next run starts from scratch.
        if before > 0 { cache.forget(base.text) }
        return false
    }

    /// Forgets what an error has proved stale.
    mutating func forgetStale(_ text: String, after error: PostgresError) {
        if error.code == .invalidStatementName {
            // The server has lost one statement, and so perhaps all.
            cache.removeAll()
        } else if error.asksToPrepareAgain || error.isStaleShape || error.mayComeFromOldTypes {
            cache.forget(text)
        }
    }

    /// Asks again about a statement that ran with the server's earlier description.
    mutating func startComparing(inBatch: Bool) throws -> Bool {
        guard let running = inBatch ? batch.suspect : cache.running, running.shape != nil else { return false }
        try startPreparing(KnownStatement(running, types: running.types), hasBinds: false)
        return true
    }

    /// True if the server takes other types than it reported earlier. The earlier types are forgotten then.
    mutating func finishComparing(inBatch: Bool) throws -> Bool {
        let fresh = exchange?.statement
        try finishPreparing()
        guard let running = inBatch ? batch.suspect : cache.running, let shape = fresh?.shape else { return false }
        if shape.parameterTypes == running.shape?.parameterTypes { return false }
        cache.forget(running.text)
        return true
    }

    /// Notes that names of tables and types may mean others from now on, and once more when the transaction ends.
    mutating func noteChangedNames() {
        cache.forgetOwnTypes()
        hasChangedNames = link?.transactionStatus != .idle
    }
}
