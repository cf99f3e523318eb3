internal import PoolIO
internal import Synchronization

extension PostgresConnection {
    /// Continues an exchange until it is answered, or until the wanted number of rows has arrived.
    ///
    /// Returns true if it is answered. When the operation is cancelled, the server is asked to stop, and the call
    /// returns only when the server has answered, and no request is on its way that could stop a later statement.
    ///
    /// - Parameter stopping: The request to stop the statement, if it was made already. If it cannot reach the
    ///   server, the connection is given up, without waiting for further answers.
    func drive(_ operation: Operation, stopping: CancelRequest? = nil) async throws -> Bool {
        var step = withSession { $0.step(hasInput: false) }
        if stopping == nil, !interrupter.isInterrupted {
            // Most statements need only this loop, which has no deadlines, because they would double its cost.
            while step == .waitForAnswer || step == .waitForRead {
                let outcome = await operation.watch.wait(
                    for: .read, onlyNews: step == .waitForAnswer, reading: step == .waitForRead ? partReader : nil)
                if outcome != .ready { break }
                step = withSession { $0.step(hasInput: true) }
            }
            if step == .finished { return true }
        }
        return try await drive(operation, from: step, stopping: stopping)
    }

    private func drive(
        _ operation: Operation, from step: ExchangeStep, stopping: CancelRequest?
    ) async throws -> Bool {
        var step = step
        var request = stopping
        // The interrupted wait may have been an earlier exchange's.
        try noteInterruption(of: operation, &request)
        var pauses = LookPauses()
        while true {
            var readiness: Readiness = []
            var onlyNews = false
            var lookAgain: ContinuousClock.Instant?
            switch step {
            case .finished, .paused:
                guard let waiting = request, waiting.isOnItsWay else {
                    if request?.hasFailed == true { withSession { $0.isBroken = true } }
                    return step == .finished
                }
            case .waitForAnswer: (readiness, onlyNews) = (.read, true)
            case .waitForRead: readiness = .read
            case .waitForReadOrWrite: readiness = [.read, .write]
            case .waitAndLookAgain: (readiness, lookAgain) = ([.read, .write], pauses.next())
            }
            let deadline = earlier(request?.nextMoment, lookAgain)
            let outcome = await operation.watch.wait(for: readiness, until: deadline, onlyNews: onlyNews)
            // Checked on each turn: a server that sends without end must not hide the time-out.
            try checkDeadline(of: operation, request)
            switch outcome {
            case .ready:
                pauses.reset()
                step = withSession { $0.step(hasInput: true) }
            case .interrupted:
                if stopping?.hasFailed == true {
                    throw giveUp(PostgresError(connectionFailure: "the server could not be asked to stop a statement"))
                }
                try noteInterruption(of: operation, &request, isAnswered: readiness.isEmpty)
            case .timedOut:
                if !readiness.isEmpty { request?.askIfDue(waking: operation.watch) }
                if lookAgain != nil { step = withSession { $0.step(hasInput: true) } }
            case .closed: throw giveUp(PostgresError.closed)
            }
        }
    }

    private func earlier(
        _ first: ContinuousClock.Instant?, _ second: ContinuousClock.Instant?
    ) -> ContinuousClock.Instant? {
        guard let first, let second else { return first ?? second }
        return min(first, second)
    }

    /// Fails if the operation was cancelled before its next statement was sent.
    func checkCancellation(of operation: Operation) throws {
        guard operation.isCancellable else { return }
        switch interrupter.signal(for: operation) {
        case .none: break
        case .closing: throw PostgresError.closed
        case .taskCancelled: throw CancellationError()
        case .connectionCancelled:
            throw PostgresError(code: .queryCanceled, message: "the pool interrupted the statement")
        }
    }

    private func noteInterruption(
        of operation: Operation, _ request: inout CancelRequest?, isAnswered: Bool = false
    ) throws {
        switch interrupter.signal(for: operation) {
        case .none: break
        case .closing: throw giveUp(PostgresError.closed)
        case .taskCancelled, .connectionCancelled:
            // An operation that must run to its end is not cancelled, but gets a time limit.
            let canceller = operation.isCancellable ? canceller.withLock { $0 } : nil
            let current =
                request ?? CancelRequest(canceller, timeout: configuration.cancelTimeout * operation.timeoutFactor)
            request = current
            // A further request could stop the next statement.
            if !isAnswered { current.askIfDue(waking: operation.watch) }
        }
    }

    private func checkDeadline(of operation: Operation, _ request: CancelRequest?) throws {
        guard let request, request.deadline <= .now else { return }
        let limit = configuration.cancelTimeout * operation.timeoutFactor
        throw giveUp(
            PostgresError(connectionFailure: "the server did not answer within \(limit) of a cancel"))
    }

    private func giveUp(_ error: PostgresError) -> PostgresError {
        withSession { $0.abandon(error) }
        return error
    }

    /// Ends the running statement, and drops its remaining rows: by a request to stop it, or by reading the rest.
    func stopExchange(_ operation: Operation, asking: Bool) async throws {
        withSession { $0.exchange?.dropRows() }
        var request: CancelRequest?
        if asking, let canceller = canceller.withLock({ $0 }) {
            let asked = CancelRequest(canceller, timeout: configuration.cancelTimeout)
            asked.askIfDue(waking: operation.watch)
            request = asked
        }
        _ = try await drive(operation, stopping: request)
    }

    /// Waits until input has arrived, and reads it; for input that is not the answer to a statement.
    ///
    /// The end of the connection is no failure here: libpq still returns what had arrived before.
    ///
    /// - Throws: If the operation was cancelled, or the connection is closed. No request is sent to the server then.
    func waitForInput(_ operation: Operation, orRoom: Bool = false) async throws {
        let held = withSession { $0.link?.heldInput ?? .none }
        if held == .some { return try readInput() }
        // The system does not report what the encryption holds back.
        let lookAgain = held == .unknown ? ContinuousClock.now + LookPauses.longest : nil
        switch await operation.watch.wait(for: orRoom ? [.read, .write] : .read, until: lookAgain) {
        case .ready, .timedOut: try readInput()
        case .interrupted: try checkCancellation(of: operation)
        case .closed: throw PostgresError.closed
        }
    }

    private func readInput() throws {
        try withSession { session in
            guard let link = session.link else { throw PostgresError.closed }
            session.exchange?.hasRead = true
            if !link.consumeInput(), link.isConnected {
                let loss = session.loss(of: link)
                session.breakOff(loss)
                throw loss
            }
        }
    }
}

/// The pauses between checks of an encryption that cannot be asked: short at first, because little can be held back.
private struct LookPauses {
    static let longest = Duration.milliseconds(32)
    private var pause = Duration.milliseconds(1)

    mutating func next() -> ContinuousClock.Instant {
        defer { pause = min(pause * 2, Self.longest) }
        return .now + pause
    }

    mutating func reset() { pause = .milliseconds(1) }
}
