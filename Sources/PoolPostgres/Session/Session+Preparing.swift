internal import PoolCore

extension Session {
    /// A savepoint around what the server is asked within a transaction, so that it can be asked again with the values'
    /// types.
    static let typesSavepoint = "pool_types"

    /// Asks the server what a statement takes and returns, and has it keep the statement if it gets a name. All in one
    /// round trip, and within one sync point, so that it is safe behind a pooler too.
    ///
    /// - Parameter hasBinds: False if there is nothing that values could decide.
    mutating func startPreparing(_ statement: KnownStatement, as name: StatementName? = nil, hasBinds: Bool) throws {
        let link = try ready()
        // A name that the server has already is an error too.
        let isGuarded = (hasBinds || name != nil) && link.transactionStatus == .inTransaction
        try link.enterPipeline()
        let exchange = Exchange(statement: statement, isPreparing: true)
        exchange.isPipeline = true
        exchange.preparedName = name
        exchange.pendingSyncs = 1
        // Also where nothing is to be kept any more: the pool may have changed how many are.
        if link.transactionStatus == .idle, !cache.unneeded.isEmpty {
            for name in cache.takeUnneeded() { try sendOwn("DEALLOCATE \(name)", link) }
            // Its own sync point: the statement may be gone already, and that must not matter.
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

    /// The server has refused to prepare a statement, or, if it `isParsed`, to tell what it takes.
    mutating func note(
        _ error: any Error, of statement: KnownStatement, preparedAs name: StatementName, isParsed: Bool
    ) {
        if (error as? PostgresError)?.code == .duplicateStatementName {
            // There already, from this session or from another that uses the server's: the name says that it is this
            // statement.
            cache.keep(statement, name)
        } else if isParsed {
            cache.noteUnneeded(name)
        }
    }

    /// Keeps what the server has told of a statement, unless an error came between.
    mutating func learn() {
        guard let exchange, exchange.isPreparing, !exchange.hasFailed, let shape = exchange.learned,
            let statement = exchange.statement
        else { return }
        exchange.learned = nil
        cache.learn(shape, of: statement, name: exchange.preparedName)
    }

    // MARK: Describing

    /// Asks about a statement without running it, also where an answer is known: it may be old.
    mutating func startDescribing(_ request: StatementRequest) throws {
        let link = try ready()
        try requireUsable(link)
        if !request.isDescribable {
            throw PostgresError(
                code: .programLimitExceeded,
                message: "libpq cannot describe a statement of \(request.parameterCount) bind values")
        }
        let base = cache.statement(request.text)
        // Of values, only what the server could not tell has to be known.
        let statement = base.undetermined.isEmpty ? base : try fitting(base, request)
        try startPreparing(statement, hasBinds: request.parameterCount > 0)
    }

    /// Ends what ``startDescribing(_:)`` began.
    mutating func finishDescribing() throws -> StatementDescription {
        let statement = exchange?.statement
        do {
            try finishPreparing()
        } catch {
            // What was known is no longer true.
            if let statement { cache.forget(statement.text) }
            throw error
        }
        guard let shape = statement?.shape else { throw PostgresError.closed }
        return StatementDescription(parameterCount: shape.parameterTypes.count, columnNames: shape.columns.names)
    }

    // MARK: Healing

    /// What can be done about an error.
    enum Remedy: Sendable {
        case none
        /// Run it again, but only once.
        case again
        /// Go on: with types that the values decide, or with what the server has kept already.
        case goOn
        /// Go back to the savepoint, and go on.
        case goOnFromSavepoint
        /// Run it again if the server now takes other types than it had told of.
        case againIfChanged
    }

    /// What can be done about an error. What has proved wrong is forgotten. Only what has had no effect is run again.
    ///
    /// - Parameters:
    ///   - isPreparing: True if the server was only asked about the statement.
    ///   - isKnown: True if it was run with what the server had told of it earlier.
    mutating func remedy(
        for error: PostgresError, _ request: StatementRequest, isPreparing: Bool, isKnown: Bool
    ) -> Remedy {
        guard !isBroken, let link, exchange == nil else { return .none }
        let isIdle = link.transactionStatus == .idle && !isTransactionOpen
        if isPreparing, error.code == .duplicateStatementName {
            return isIdle ? .goOn : link.transactionStatus == .failed ? .goOnFromSavepoint : .none
        }
        let traits = cache.statement(request.text).traits
        // Nothing is run again that may have had an effect.
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
        // The next transaction asks anew.
        cache.forget(request.text)
        return .none
    }

    /// Notes that the server could not tell the type of a parameter. False if that is not what the error says, or known
    /// already.
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
        // The types of the values did not help: what comes next is to begin anew.
        if before > 0 { cache.forget(base.text) }
        return false
    }

    /// Forgets what an error has shown to be stale.
    mutating func forgetStale(_ text: String, after error: PostgresError) {
        if error.code == .invalidStatementName {
            // The server has lost one, and so perhaps all.
            cache.removeAll()
        } else if error.asksToPrepareAgain || error.isStaleShape || error.mayComeFromOldTypes {
            cache.forget(text)
        }
    }

    /// Asks again what a statement takes that was run with what the server had told of it.
    mutating func startComparing(inBatch: Bool) throws -> Bool {
        guard let running = inBatch ? batch.suspect : cache.running, running.shape != nil else { return false }
        try startPreparing(KnownStatement(running, types: running.types), hasBinds: false)
        return true
    }

    /// True if the server takes other types than it had told of. They are forgotten then.
    mutating func finishComparing(inBatch: Bool) throws -> Bool {
        let fresh = exchange?.statement
        try finishPreparing()
        guard let running = inBatch ? batch.suspect : cache.running, let shape = fresh?.shape else { return false }
        if shape.parameterTypes == running.shape?.parameterTypes { return false }
        cache.forget(running.text)
        return true
    }

    /// Names of tables and types may mean others from now on, and once more when the transaction ends.
    mutating func noteChangedNames() {
        cache.forgetOwnTypes()
        hasChangedNames = link?.transactionStatus != .idle
    }
}
