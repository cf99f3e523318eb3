internal import PoolSQL

extension PostgresConnection {
    func run(
        _ request: StatementRequest, _ operation: Operation, started: Session.Started? = nil
    ) async throws -> ExchangeResult {
        let result = try await run(request, operation, started: started) { session, _ in try session.finish() }
        return try await read(result, operation)
    }

    /// Runs a statement to its end, or until the wanted number of rows has arrived, and takes the result. Runs it
    /// once more if the driver's knowledge of it proved stale before it had any effect.
    ///
    /// - Parameter started: The state of the statement, if it was started already.
    func run<Value: Sendable>(
        _ request: StatementRequest, _ operation: Operation, started: Session.Started? = nil,
        _ take: (inout Session, _ isAnswered: Bool) throws -> Value
    ) async throws -> Value {
        var started = started
        if started == nil { try await restoreBaseline(operation) }
        var isRepeated = false
        while true {
            var isPreparing = false
            var isKnown = true
            do {
                while true {
                    let step = try started.take() ?? withSession { try $0.start(request) }
                    if step == .running { break }
                    if step == .lookingUpTypes {
                        try await finishTypeLookup(operation)
                    } else {
                        (isPreparing, isKnown) = (true, false)
                        _ = try await drive(operation)
                        try withSession { try $0.finishPreparing() }
                        isPreparing = false
                    }
                    try checkCancellation(of: operation)
                }
                let isAnswered = try await drive(operation)
                return try withSession { try take(&$0, isAnswered) }
            } catch let error as PostgresError {
                let (wasPreparing, wasKnown) = (isPreparing, isKnown)
                let remedy = withSession {
                    $0.remedy(for: error, request, isPreparing: wasPreparing, isKnown: wasKnown)
                }
                switch remedy {
                case .none: throw error
                // Each turn, the values decide the type of one more parameter.
                case .goOn: break
                case .goOnFromSavepoint: try await rollBackToTypesSavepoint(operation)
                case .again, .againIfChanged:
                    if isRepeated { throw error }
                    if remedy == .againIfChanged, try await !hasChanged(operation) { throw error }
                    isRepeated = true
                }
            }
        }
    }

    /// Undoes the driver's questions within a transaction. Not cancellable, because cancelling would undo the
    /// transaction.
    func rollBackToTypesSavepoint(_ operation: Operation) async throws {
        let name = Session.typesSavepoint
        try await command("ROLLBACK TO SAVEPOINT \(name); RELEASE SAVEPOINT \(name)", operation.uncancellable)
    }

    /// True if the types of the statement's parameters have changed.
    ///
    /// - Parameter inBatch: True for the failed statement of a batch; false for the latest statement.
    func hasChanged(inBatch: Bool = false, _ operation: Operation) async throws -> Bool {
        do {
            guard try withSession({ try $0.startComparing(inBatch: inBatch) }) else { return false }
            _ = try await drive(operation)
            return try withSession { try $0.finishComparing(inBatch: inBatch) }
        } catch is PostgresError {
            // The error of the statement itself says more.
            return false
        }
    }

    /// Runs a command of the driver's own, and returns its tag.
    @discardableResult
    func command(_ text: String, _ operation: Operation) async throws -> String {
        try withSession { try $0.startCommand(text) }
        _ = try await drive(operation)
        return try withSession { try $0.finish().tag }
    }
}
