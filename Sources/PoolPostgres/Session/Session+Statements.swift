internal import PoolCore

/// A statement that an application wants to run.
struct StatementRequest: Sendable {
    let text: String
    /// One set of values for each run.
    var bindSets: [[SQLValue]]
    var dropsRows = false
    /// Above 0, the rows come as they are taken, and the exchange pauses after so many.
    var rowLimit = 0
}

extension Session {
    /// How many rows of a stream come at once at most: enough that the cost of a result does not count, and few enough that the
    /// first rows of a slow statement do not wait for long.
    private static let rowsPerResult = 64

    enum Started: Sendable {
        /// The server was asked about the statement: come again with its answer.
        case preparing
        /// The statement runs.
        case running
    }

    /// Sends a statement, or first what the server must be asked about it.
    mutating func start(_ request: StatementRequest) throws -> Started {
        let link = try ready()
        try requireTransactionAlive(link)
        var statement = cache.statement(request.text)
        let hasBinds = request.bindSets.contains { !$0.isEmpty }
        if statement.shape == nil, !hasBinds, statement.useCount == 0, request.bindSets.count == 1 {
            // Nothing to encode, and text can be read whatever the columns are: one round trip less for what runs once.
            try link.send(request.text, [], BindBuffer(), binaryResults: false)
            begin(statement, request, link)
            return .running
        }
        guard let shape = statement.shape else { return try startPreparing(statement, request) }
        let types = try parameterTypes(shape, request.bindSets)
        if types != shape.parameterTypes {
            statement = cache.statement(request.text, types: types)
            if statement.shape == nil { return try startPreparing(statement, request) }
        }
        if statement.name == nil, isWorthPreparing(statement, runs: request.bindSets.count) {
            return try startPreparing(statement, request)
        }
        try send(statement, request, types, link)
        return .running
    }

    private func isWorthPreparing(_ statement: KnownStatement, runs: Int) -> Bool {
        configuration.statementCacheCapacity > 0 && statement.useCount + runs >= configuration.prepareThreshold
            && link?.transactionStatus != .failed
    }

    /// The server's types, but the application's own where the server takes a value for text because it knows no better.
    func parameterTypes(_ shape: StatementShape, _ bindSets: [[SQLValue]]) throws -> [UInt32] {
        var types = shape.parameterTypes
        for binds in bindSets {
            if binds.count != types.count {
                throw PostgresError(
                    code: .protocolViolation,
                    message: "the statement has \(types.count) parameters, but \(binds.count) bind values were given")
            }
            for (index, value) in binds.enumerated() where shape.parameterTypes[index] == TypeID.text {
                if let type = value.ownType { types[index] = type }
            }
        }
        return types
    }

    private mutating func send(
        _ statement: KnownStatement, _ request: StatementRequest, _ types: [UInt32], _ link: Link
    ) throws {
        let isBinary = statement.shape?.isBinary ?? false
        var buffers: [BindBuffer] = []
        buffers.reserveCapacity(request.bindSets.count)
        for binds in request.bindSets {
            var buffer = BindBuffer()
            buffer.reserve(binds.count)
            for (value, type) in zip(binds, types) { try buffer.append(value, as: type) }
            buffers.append(buffer)
        }
        let isPipeline = buffers.count > 1
        if isPipeline { try link.enterPipeline() }
        for buffer in buffers {
            if let name = statement.name {
                try link.sendPrepared(name, buffer, binaryResults: isBinary)
            } else {
                try link.send(request.text, types, buffer, binaryResults: isBinary)
            }
        }
        if isPipeline { try link.sendSync() }
        begin(statement, request, link)
        exchange?.isPipeline = isPipeline
        exchange?.pendingSyncs = isPipeline ? 1 : 0
    }

    private mutating func begin(_ statement: KnownStatement, _ request: StatementRequest, _ link: Link) {
        statement.useCount += request.bindSets.count
        let exchange = Exchange(statement: statement, traits: statement.traits, dropsRows: request.dropsRows)
        if request.rowLimit > 0 {
            link.setRowsPerResult(Self.rowsPerResult)
            exchange.rowLimit = request.rowLimit
        }
        self.exchange = exchange
    }

    // MARK: Preparing

    /// Asks the server what a statement takes and returns, and has it keep the statement if it is worth that. All in one
    /// round trip, and within one sync point, so that it is safe behind a pooler too.
    mutating func startPreparing(_ statement: KnownStatement, _ request: StatementRequest) throws -> Started {
        let link = try ready()
        let isNamed = isWorthPreparing(statement, runs: request.bindSets.count)
        let name = isNamed ? cache.nextName() : ""
        try link.enterPipeline()
        let exchange = Exchange(statement: statement, isPreparing: true)
        exchange.isPipeline = true
        exchange.preparedName = isNamed ? name : nil
        exchange.pendingSyncs = 1
        if isNamed, link.transactionStatus == .idle, !cache.unneeded.isEmpty {
            for name in cache.takeUnneeded() {
                try link.send("DEALLOCATE \(name)", [], BindBuffer(), binaryResults: false)
            }
            // Its own sync point: the statement may be gone already, and that must not matter.
            try link.sendSync()
            exchange.pendingSyncs = 2
        }
        try link.sendPrepare(name, statement.key.text, statement.key.types)
        try link.sendDescribe(name)
        try link.sendSync()
        self.exchange = exchange
        return .preparing
    }

    /// Keeps what the server has told of a statement.
    mutating func finishPreparing() throws {
        _ = try finish()
    }

    /// The answer to ``startPreparing(_:_:)``.
    mutating func description(_ text: String) -> StatementDescription? {
        guard let shape = cache.statement(text).shape else { return nil }
        return StatementDescription(parameterCount: shape.parameterTypes.count, columnNames: shape.columns.names)
    }

    /// Asks about a statement without running it. False if the answer is known.
    mutating func startDescribing(_ text: String) throws -> Bool {
        let link = try ready()
        try requireTransactionAlive(link)
        let statement = cache.statement(text)
        if statement.shape != nil { return false }
        _ = try startPreparing(statement, StatementRequest(text: text, bindSets: [[]]))
        return true
    }

    /// After an error that a stale plan has caused. True if the statement may be run again: it is prepared anew then.
    mutating func forgetStale(_ text: String, after error: PostgresError) -> Bool {
        guard error.asksToPrepareAgain else { return false }
        if error.code == .invalidStatementName {
            // The server has lost one, and so perhaps all.
            cache.removeAll()
        } else {
            cache.forget(where: text)
        }
        return link?.transactionStatus == .idle && !isTransactionOpen
    }
}
