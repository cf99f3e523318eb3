internal import PoolCore

/// One of several statements that are sent at once.
struct BatchItem: Sendable {
    let text: String
    let binds: [SQLValue]
}

extension Session {
    /// Asks about those statements of a batch whose bind values cannot be encoded yet. False if there are none.
    mutating func startDescribingBatch(_ items: [BatchItem]) throws -> Bool {
        let link = try ready()
        try requireTransactionAlive(link)
        var unknown: [KnownStatement] = []
        for item in items where !item.binds.isEmpty {
            let statement = try known(item)
            if statement.shape == nil, !unknown.contains(where: { $0 === statement }) { unknown.append(statement) }
        }
        if unknown.isEmpty { return false }
        try link.enterPipeline()
        for statement in unknown {
            try link.sendPrepare("", statement.key.text, statement.key.types)
            try link.sendDescribe("")
            try link.sendSync()
        }
        beginBatch(unknown, isPreparing: true)
        return true
    }

    /// Sends all statements, each with a sync point of its own: outside a transaction each is one, whatever becomes of the others.
    mutating func startBatch(_ items: [BatchItem]) throws {
        let link = try ready()
        try requireTransactionAlive(link)
        var statements: [KnownStatement] = []
        var buffers: [BindBuffer] = []
        for item in items {
            let statement = try known(item)
            guard item.binds.isEmpty || statement.shape != nil else {
                throw PostgresError.misuse("the server does not know the statement", .syntaxError).inStatement(
                    item.text)
            }
            let types = try statement.shape.map { try parameterTypes($0, [item.binds]) } ?? []
            var buffer = BindBuffer()
            buffer.reserve(types.count)
            for (value, type) in zip(item.binds, types) { try buffer.append(value, as: type) }
            statements.append(statement)
            buffers.append(buffer)
        }
        try link.enterPipeline()
        for (statement, buffer) in zip(statements, buffers) {
            let isBinary = statement.shape?.isBinary ?? false
            if let name = statement.name {
                try link.sendPrepared(name, buffer, binaryResults: isBinary)
            } else {
                let types = statement.shape?.parameterTypes ?? []
                try link.send(statement.key.text, types, buffer, binaryResults: isBinary)
            }
            try link.sendSync()
        }
        beginBatch(statements)
    }

    /// The statement with the types that its values decide.
    private mutating func known(_ item: BatchItem) throws -> KnownStatement {
        let statement = cache.statement(item.text)
        guard let shape = statement.shape else { return statement }
        let types = try parameterTypes(shape, [item.binds])
        return types == shape.parameterTypes ? statement : cache.statement(item.text, types: types)
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
