internal import PoolCore

/// One of several statements that are sent at once.
struct BatchItem: Sendable {
    let text: String
    let binds: [SQLValue]

    fileprivate var request: StatementRequest { StatementRequest(text: text, binds: binds) }
    fileprivate var isDescribable: Bool { !binds.isEmpty && binds.count <= StatementRequest.maximumDescribed }
}

/// What the session knows of the statements of a batch. Each is looked up only once: the next ones may push it out of the cache.
struct BatchPlan {
    fileprivate var statements: [KnownStatement] = []
    /// The places of the statements that the server is being asked about.
    fileprivate var asked: [Int] = []
}

extension Session {
    /// Looks up the statements of a batch.
    mutating func planBatch(_ items: [BatchItem]) throws {
        for item in items { try requireRoom(item.binds.count) }
        batch = BatchPlan()
        for item in items { batch.statements.append(cache.statement(item.text)) }
    }

    /// Asks about those statements of a batch whose bind values cannot be encoded yet. False if there are none.
    mutating func startDescribingBatch(_ items: [BatchItem]) throws -> Bool {
        let link = try ready()
        try requireTransactionAlive(link)
        var unknown: [KnownStatement] = []
        var seen: Set<ObjectIdentifier> = []
        batch.asked = []
        for (place, item) in items.enumerated() where item.isDescribable {
            let statement = try fitting(batch.statements[place], item.request)
            if statement.shape != nil || !seen.insert(ObjectIdentifier(statement)).inserted { continue }
            unknown.append(statement)
            batch.asked.append(place)
        }
        if unknown.isEmpty { return false }
        let isGuarded = link.transactionStatus == .inTransaction
        try link.enterPipeline()
        if isGuarded { try sendOwn("SAVEPOINT \(Self.typesSavepoint)", link) }
        for (index, statement) in unknown.enumerated() {
            try link.sendPrepare("", statement.text, statement.types)
            try link.sendDescribe("")
            if isGuarded, index == unknown.count - 1 {
                try sendOwn("RELEASE SAVEPOINT \(Self.typesSavepoint)", link)
            }
            try link.sendSync()
        }
        beginBatch(unknown, isPreparing: true)
        return true
    }

    /// Takes the answer. True if the transaction must go back to its savepoint before the server can be asked again.
    ///
    /// - Throws: the error of a statement that cannot be prepared.
    mutating func finishDescribingBatch(_ items: [BatchItem]) throws -> Bool {
        let places = batch.asked
        for (place, outcome) in zip(places, try finish().outcomes) {
            guard case .failure(let error) = outcome else { continue }
            guard letValuesDecide(batch.statements[place], items[place].binds.count, error) else { throw error }
            // Those after it have failed in consequence.
            if link?.transactionStatus == .failed { return true }
        }
        return false
    }

    /// Sends all statements, each with a sync point of its own: outside a transaction each is one, whatever becomes of the others.
    mutating func startBatch(_ items: [BatchItem]) throws {
        let link = try ready()
        try requireTransactionAlive(link)
        var statements: [KnownStatement] = []
        var buffers: [BindBuffer] = []
        for (place, item) in items.enumerated() {
            var statement = batch.statements[place]
            if item.isDescribable || statement.shape != nil { statement = try fitting(statement, item.request) }
            var buffer = BindBuffer()
            try buffer.encode(item.binds, as: statement.shape?.parameterTypes)
            statements.append(statement)
            buffers.append(buffer)
        }
        try link.enterPipeline()
        for (place, statement) in statements.enumerated() {
            try send(statement, items[place].binds, buffers[place], link)
            try link.sendSync()
        }
        batch = BatchPlan()
        beginBatch(statements)
    }

    private mutating func beginBatch(_ statements: [KnownStatement], isPreparing: Bool = false) {
        let traits = statements.reduce(into: StatementTraits()) { $0.formUnion($1.traits) }
        let exchange = Exchange(statement: statements.first, traits: traits, isPreparing: isPreparing)
        exchange.nextStatements = statements.dropFirst().reversed()
        exchange.outcomes = []
        exchange.isPipeline = true
        exchange.pendingSyncs = statements.count
        self.exchange = exchange
    }
}
