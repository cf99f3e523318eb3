@_spi(Driver) internal import PoolSQL

extension Session {
    /// The most rows of a stream that arrive together: enough to make the cost of a result negligible, and few enough
    /// that the first rows of a slow statement do not wait for long.
    private static let rowsPerResult = 64

    enum Started: Sendable {
        /// The server was asked about the statement: continue with its answer.
        case preparing
        /// The server was asked about types of the statement's columns: continue with its answer.
        case lookingUpTypes
        /// The statement runs.
        case running
    }

    /// The most parameters for which the protocol has room:
    /// https://www.postgresql.org/docs/current/protocol-message-formats.html
    private static let maximumParameters = 65_535

    /// Sends a statement, or first a question about it to the server.
    mutating func start(_ request: StatementRequest) throws -> Started {
        let link = try ready()
        try requireUsable(link)
        let base = cache.statement(request.text)
        if !request.bindSets.isEmpty { try requireRepeatable(base) }
        let count = request.parameterCount
        if isFirst(of: base, request), readsTextExactly {
            // Nothing to encode, and text can be read whatever the columns are: a statement that runs once saves a
            // round trip.
            try link.send(request.text, [], binds, 0..<0, binaryResults: false)
            begin(base, request, link)
            exchange?.learnsShape = true
            return .running
        }
        if !request.isDescribable {
            // The values go as text, which the server reads as the types that it infers.
            try requireRoom(count)
            try send(base, request, link)
            return .running
        }
        let statement = try fitting(base, request)
        let isWorthNaming = statement.name == nil && isWorthPreparing(statement, runs: request.runs)
        let name = isWorthNaming ? cache.makeRoom(for: statement) : nil
        if statement.shape == nil || name != nil {
            try startPreparing(statement, as: name, hasBinds: count > 0)
            return .preparing
        }
        if let shape = statement.shape, shape.hasUnknownTypes, !request.dropsRows,
            try startTypeLookup(of: shape.columns.typeIDs)
        {
            return .lookingUpTypes
        }
        try send(statement, request, link)
        return .running
    }

    /// The application's statement in the server's dialect, which is known for a statement that ran recently.
    ///
    /// - Throws: `SQLStatementError`.
    mutating func request(_ sql: SQL, dropsRows: Bool) throws -> StatementRequest {
        if let known = cache.statement(sql) {
            return StatementRequest(text: known.text, binds: sql.values, dropsRows: dropsRows)
        }
        let (text, binds) = try sql.rendered(in: .postgres)
        if link != nil { cache.note(sql, text) }
        return StatementRequest(text: text, binds: binds, dropsRows: dropsRows)
    }

    /// Starts a statement, and continues as far as possible without waiting. Nil for a failure: then nothing was
    /// sent, and starting it again fails again.
    mutating func startAtOnce(_ sql: SQL, dropsRows: Bool) -> (started: Started?, step: ExchangeStep) {
        guard !needsBaseline, let request = try? request(sql, dropsRows: dropsRows), let started = try? start(request)
        else {
            return (nil, .paused)
        }
        return (started, started == .running ? step(hasInput: false) : .paused)
    }

    /// True for an unknown statement without bind values. Not for a stream, which would have returned rows before a
    /// value proves too long for text.
    private func isFirst(of base: KnownStatement, _ request: StatementRequest) -> Bool {
        base.shape == nil && base.useCount == 0 && request.parameterCount == 0 && request.bindSets.isEmpty
            && request.rowLimit == 0
    }

    func isWorthPreparing(_ statement: KnownStatement, runs: Int) -> Bool {
        cache.capacity > 0 && statement.useCount + runs >= configuration.prepareThreshold
            && link?.transactionStatus != .failed
    }

    /// Checks the number of values.
    ///
    /// - Throws: ``PostgresError`` for more values than the protocol has room for.
    func requireRoom(_ count: Int) throws {
        guard count > Self.maximumParameters else { return }
        var error = PostgresError(
            code: .programLimitExceeded,
            message: "the statement has \(count) bind values, and the protocol has room for \(Self.maximumParameters)")
        error.remedy = "Pass an array: `= ANY($1)` instead of `IN (…)`, `unnest($1)` instead of `VALUES …`"
        throw error
    }

    /// Refuses statements that cannot be one of several that are sent together.
    ///
    /// - Throws: ``PostgresError`` for a COPY, which would take the next statement for its data, and for a change of
    ///   the encoding, which would alter the next statement.
    func requireRepeatable(_ statement: KnownStatement) throws {
        if statement.traits.contains(.copies) {
            throw PostgresError.misuse("COPY cannot be one of several statements", .featureNotSupported)
                .inStatement(statement.text)
        }
        guard statement.traits.contains(.mayChangeSession) else { return }
        let text = statement.text.lowercased()
        if text.contains("client_encoding") || text.contains("names") && text.contains("set") {
            throw PostgresError.misuse(
                "the encoding cannot change between statements sent at once", .featureNotSupported
            )
            .inStatement(statement.text)
        }
    }

    // MARK: Types

    /// The statement with the types that the values decide, if they do. Without a shape if the server must be asked
    /// first.
    mutating func fitting(_ base: KnownStatement, _ request: StatementRequest) throws -> KnownStatement {
        if base.undetermined.isEmpty {
            guard let shape = base.shape else { return base }
            try requireCount(shape.parameterTypes.count, request)
            if base.takes(request) { return base }
        }
        for variant in base.variants where variant.takes(request) { return variant }
        var statement = base
        while true {
            var types: [UInt32] = []
            for binds in request.bindSets.isEmpty ? [request.binds] : request.bindSets {
                types = merge(types, statement.types(for: binds, undetermined: base.undetermined))
            }
            // Values that still do not match go as text.
            if types == statement.types { return statement }
            statement = cache.variant(of: base, types: types)
            guard let shape = statement.shape else { return statement }
            try requireCount(shape.parameterTypes.count, request)
        }
    }

    /// Merges two lists of types. If two sets of values decide differently, text of one is read as the other's type.
    private func merge(_ types: [UInt32], _ others: [UInt32]) -> [UInt32] {
        if types.isEmpty { return others }
        if others.isEmpty { return types }
        return zip(types, others).map { $0 == TypeID.unspecified || $0 == TypeID.text ? $1 : $0 }
    }

    private func requireCount(_ count: Int, _ request: StatementRequest) throws {
        if request.bindSets.isEmpty, request.binds.count == count { return }
        for given in request.bindSets.isEmpty ? [request.binds.count] : request.bindSets.map(\.count)
        where given != count {
            throw PostgresError(
                code: .protocolViolation,
                message: "the statement has \(count) parameters, but \(given) bind values were given"
            ).inStatement(request.text)
        }
    }

    // MARK: Sending

    private mutating func send(_ statement: KnownStatement, _ request: StatementRequest, _ link: Link) throws {
        binds.removeAll()
        defer { binds.trim() }
        let types = statement.shape?.parameterTypes
        if request.bindSets.isEmpty {
            try send(statement, request.binds, binds.encode(request.binds, as: types), link)
            return begin(statement, request, link)
        }
        // All are encoded before the first is sent: an encoding error must not leave half of them behind.
        let runs = try request.bindSets.map { try binds.encode($0, as: types) }
        let isPipeline = runs.count > 1
        if isPipeline { try link.enterPipeline() }
        for (values, run) in zip(request.bindSets, runs) { try send(statement, values, run, link) }
        if isPipeline { try link.sendSync() }
        begin(statement, request, link)
        exchange?.isPipeline = isPipeline
        exchange?.pendingSyncs = isPipeline ? 1 : 0
    }

    /// Sends one run, whose values ``binds`` has encoded. Without a shape the server infers the types, except for
    /// those that the values must decide, and all values go as text.
    func send(_ statement: KnownStatement, _ values: [SQLValue], _ run: Range<Int>, _ link: Link) throws {
        let isBinary = statement.shape?.isBinary ?? false
        if let name = statement.name {
            try link.sendPrepared(name.text, binds, run, binaryResults: isBinary)
        } else {
            let types =
                statement.shape?.parameterTypes ?? statement.types(for: values, undetermined: statement.undetermined)
            try link.send(statement.text, types, binds, run, binaryResults: isBinary)
        }
    }

    private mutating func begin(_ statement: KnownStatement, _ request: StatementRequest, _ link: Link) {
        cache.noteRun(of: statement, runs: request.runs)
        let exchange = Exchange(statement: statement, traits: statement.traits, dropsRows: request.dropsRows)
        if request.rowLimit > 0 {
            link.setRowsPerResult(Self.rowsPerResult)
            exchange.rowLimit = request.rowLimit
        } else {
            exchange.resultLimit = configuration.resultLimit
        }
        self.exchange = exchange
    }
}
