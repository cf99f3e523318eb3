internal import PoolSQL

/// One of several statements that are sent together.
struct BatchItem {
    fileprivate let request: StatementRequest
    /// The statement from the cache. Each is looked up only once: the next ones may evict it.
    fileprivate let base: KnownStatement
    /// The statement with the types that its values decide, if they do.
    fileprivate var statement: KnownStatement

    fileprivate var isDescribable: Bool { !request.binds.isEmpty && request.isDescribable }
}

/// The statements of a batch, and what the session knows of them.
struct BatchPlan {
    /// True if each statement is a transaction of its own when none is open; else all of them are one.
    fileprivate var isSeparate = false
    fileprivate var items: [BatchItem] = []
    /// By place, the reason why a statement cannot run, if the others run without it. Apart from the items, because an
    /// error is large, and items are copied for each batch.
    fileprivate var failures: [Int: PostgresError] = [:]
    /// The indices of the statements about which the server is being asked.
    fileprivate var asked: [Int] = []
    /// How many more statements the server may keep: none is evicted for another of the same batch.
    fileprivate var room: Int?
    /// The statement that has failed as if the types of its parameters had changed, so that the batch had no effect.
    fileprivate(set) var suspect: KnownStatement?
    /// True if a result has a column that may be an array, which only the server knows.
    fileprivate(set) var hasUnknownTypes = false
}

extension Session {
    /// Looks up the statements of a batch.
    ///
    /// - Throws: ``PostgresError`` and `SQLStatementError` for statements that a batch must not contain.
    mutating func planBatch(_ statements: [SQL], separately isSeparate: Bool) throws {
        var plan = BatchPlan(isSeparate: isSeparate)
        plan.items.reserveCapacity(statements.count)
        for sql in statements {
            let request = try request(sql, dropsRows: false)
            try requireRoom(request.binds.count)
            let base = cache.statement(request.text)
            try requireRepeatable(base)
            plan.items.append(BatchItem(request: request, base: base, statement: base))
        }
        batch = plan
    }

    /// Asks about the statements of a batch whose bind values cannot be encoded yet, or that are used often enough to
    /// be kept prepared. False if there are none.
    mutating func startDescribingBatch() throws -> Bool {
        let link = try ready()
        try requireUsable(link)
        var unknown: [KnownStatement] = []
        var uses: [ObjectIdentifier: (place: Int, count: Int)] = [:]
        var order: [KnownStatement] = []
        for place in batch.items.indices {
            let item = batch.items[place]
            guard batch.failures[place] == nil, item.isDescribable || item.base.shape != nil else { continue }
            let statement: KnownStatement
            do {
                statement = try fitting(item.base, item.request)
            } catch let error as PostgresError where runsSeparately {
                batch.failures[place] = error
                continue
            }
            batch.items[place].statement = statement
            let isKnown = statement.shape != nil && statement.name != nil
            if !item.isDescribable || isKnown { continue }
            if uses[ObjectIdentifier(statement)] == nil { order.append(statement) }
            uses[ObjectIdentifier(statement), default: (place, 0)].count += 1
        }
        var names: [StatementName?] = []
        var room = batch.room ?? cache.capacity
        batch.asked = []
        for statement in order {
            guard let (place, count) = uses[ObjectIdentifier(statement)] else { continue }
            let isWorthNaming = room > 0 && statement.name == nil && isWorthPreparing(statement, runs: count)
            let name = isWorthNaming ? cache.makeRoom(for: statement) : nil
            if statement.shape != nil, name == nil { continue }
            unknown.append(statement)
            names.append(name)
            if name != nil { room -= 1 }
            batch.asked.append(place)
        }
        batch.room = room
        if unknown.isEmpty { return false }
        let isGuarded = link.transactionStatus == .inTransaction
        try link.enterPipeline()
        if isGuarded { try sendOwn("SAVEPOINT \(Self.typesSavepoint)", link) }
        for (index, statement) in unknown.enumerated() {
            let name = names[index]
            try link.sendPrepare(name?.text ?? "", statement.text, name?.shape.parameterTypes ?? statement.types)
            try link.sendDescribe(name?.text ?? "")
            if isGuarded, index == unknown.count - 1 {
                try sendOwn("RELEASE SAVEPOINT \(Self.typesSavepoint)", link)
            }
            try link.sendSync()
        }
        beginBatch(unknown, isPreparing: true)
        exchange?.preparedName = names.first ?? nil
        exchange?.nextNames = names.dropFirst().reversed()
        return true
    }

    /// True if each statement of the batch is a transaction of its own.
    private var runsSeparately: Bool { batch.isSeparate && !isInExplicitTransaction }

    /// Takes the answer. True if the transaction must go back to its savepoint before the server can be asked again.
    ///
    /// - Throws: The error of a statement that cannot be prepared, if the others do not run without it.
    mutating func finishDescribingBatch() throws -> Bool {
        let places = batch.asked
        for (place, outcome) in zip(places, try finish().outcomes) {
            guard case .failure(let error) = outcome else { continue }
            let item = batch.items[place]
            let isThere = error.code == .duplicateStatementName
            if !isThere, !letValuesDecide(item.base, item.request.binds.count, error) {
                guard runsSeparately else { throw error }
                for other in batch.items.indices where batch.items[other].statement === item.statement {
                    batch.failures[other] = error
                }
                continue
            }
            // The later statements have failed in consequence.
            if link?.transactionStatus == .failed { return true }
        }
        return false
    }

    /// Sends all statements, with one sync point at the end: they are one transaction, of their own if none is open.
    /// Separate statements have one sync point each: then each is a transaction of its own.
    ///
    /// - Returns: False if none can run.
    mutating func startBatch() throws -> Bool {
        let link = try ready()
        try requireUsable(link)
        let isSeparate = runsSeparately
        binds.removeAll()
        defer { binds.trim() }
        // All are encoded before the first is sent: an encoding error must not leave half of them behind.
        var runs: [(place: Int, run: Range<Int>)] = []
        runs.reserveCapacity(batch.items.count)
        for (place, item) in batch.items.enumerated() where batch.failures[place] == nil {
            do {
                let run = try binds.encode(item.request.binds, as: item.statement.shape?.parameterTypes)
                runs.append((place, run))
            } catch let error as PostgresError where isSeparate {
                batch.failures[place] = error
            }
        }
        if runs.isEmpty { return false }
        try link.enterPipeline()
        for (place, run) in runs {
            let item = batch.items[place]
            try send(item.statement, item.request.binds, run, link)
            if isSeparate { try link.sendSync() }
            cache.noteRun(of: item.statement, runs: 1)
        }
        if !isSeparate { try link.sendSync() }
        beginBatch(runs.map { batch.items[$0.place].statement })
        if isSeparate { return true }
        exchange?.isOneTransaction = true
        exchange?.pendingSyncs = 1
        return true
    }

    private mutating func beginBatch(_ statements: [KnownStatement], isPreparing: Bool = false) {
        let traits = statements.reduce(into: StatementTraits()) { $0.formUnion($1.traits) }
        let exchange = Exchange(statement: statements.first, traits: traits, isPreparing: isPreparing)
        exchange.nextStatements = statements.dropFirst().reversed()
        exchange.outcomes = []
        exchange.outcomes?.reserveCapacity(statements.count)
        exchange.isPipeline = true
        exchange.resultLimit = configuration.resultLimit
        exchange.pendingSyncs = statements.count
        self.exchange = exchange
    }

    /// Takes the outcome of each statement. Statements that a failure has undone have failed with it.
    ///
    /// - Throws: The error of the commit, or of a lost connection.
    mutating func finishBatch() throws -> [Result<SQLRows, PostgresError>] {
        let isUndone = exchange?.isOneTransaction == true && !isInExplicitTransaction
        let firstUndone = exchange?.endedOutcomes ?? 0
        var outcomes: [Result<SQLRows, PostgresError>] = []
        if exchange != nil {
            let result = try finish()
            (outcomes, batch.hasUnknownTypes) = (result.outcomes, result.hasUnknownTypes)
        }
        for (place, failure) in batch.failures.sorted(by: { $0.key < $1.key }) {
            let text = batch.items[place].request.text
            outcomes.insert(.failure(failure.inStatement(text)), at: min(place, outcomes.count))
        }
        guard outcomes.contains(where: \.isFailure) else { return outcomes }
        if isUndone, let culprit = outcomes[firstUndone...].firstIndex(where: \.isFailure) {
            if firstUndone == 0 { noteSuspect(culprit, outcomes) }
            for place in firstUndone..<culprit { outcomes[place] = .failure(.undone) }
        }
        for (outcome, item) in zip(outcomes, batch.items) {
            if case .failure(let error) = outcome { forgetStale(item.request.text, after: error) }
        }
        return outcomes
    }
}

extension Session {
    /// Notes that the first failure of a batch without effect may come from old types.
    private mutating func noteSuspect(_ culprit: Int, _ outcomes: [Result<SQLRows, PostgresError>]) {
        let isHarmless = batch.items.allSatisfy { $0.statement.traits.contains(.isPlain) }
        guard isHarmless, outcomes[culprit].error?.mayComeFromOldTypes == true, culprit < batch.items.count else {
            return
        }
        batch.suspect = batch.items[culprit].statement
    }

    /// Forgets a batch that has ended, except for what remains to be examined.
    mutating func forgetBatch() {
        batch = BatchPlan(suspect: batch.suspect, hasUnknownTypes: batch.hasUnknownTypes)
    }
}

extension Result {
    var error: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
    var isFailure: Bool {
        if case .failure = self { return true }
        return false
    }
}

extension PostgresError {
    fileprivate static let undone = PostgresError(
        code: .transactionRolledBack, message: "the statement was undone: one after it in the batch has failed")

    /// The error of a statement of a batch that the server has skipped.
    static let skipped = PostgresError(
        code: .failedTransaction, message: "the statement was not run: one before it in the batch has failed")
}
