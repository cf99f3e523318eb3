internal import PoolIO
internal import Synchronization

extension PostgresConnection {
    /// Connects. All steps in which libpq may block run on a helper thread: names, password and service files,
    /// certificates.
    ///
    /// - Parameter limit: The time limit; nil for no limit but the task's cancellation.
    func connect(with settings: ConnectPlan.Settings, within limit: Duration?) async throws {
        guard let limit else { return try await connect(with: settings) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.connect(with: settings) }
            group.addTask {
                try await Task.sleep(for: limit)
                throw PostgresError.connectTimedOut(settings, limit)
            }
            // The first to end decides, and ends the other.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func connect(with settings: ConnectPlan.Settings) async throws {
        let notices = NoticeSink(runtime.logger)
        var step = try await helped { session -> Link.ConnectStep in
            session.link = try Link(connectingWith: settings, notices: notices)
            return .writing
        }
        while true {
            switch step {
            case .connected: return try await finishConnecting()
            case .failed:
                throw withSession { PostgresError(connecting: $0.link?.errorLines ?? "") }
            case .reading: try await waitWhileConnecting(.read)
            case .writing: try await waitWhileConnecting(.write)
            }
            step = try await helped { $0.link?.poll() ?? .failed }
        }
    }

    /// Runs a step on a helper thread. If its task stops waiting, the step continues, and keeps the connection until
    /// it ends.
    private func helped<Value: Sendable>(
        _ body: @escaping @Sendable (inout Session) throws -> Value
    ) async throws -> Value {
        try await runtime.helpers.run {
            try self.withSession { session in
                // The step may have waited for a thread, and the session may have ended meanwhile.
                if session.isBroken { throw PostgresError.closed }
                return try body(&session)
            }
        }
    }

    /// Waits for the socket. The watch lasts for one wait only: libpq may close the socket and open another at each
    /// step.
    private func waitWhileConnecting(_ readiness: Readiness) async throws {
        let socket = withSession { $0.link?.socket ?? -1 }
        // Without a socket there is nothing to wait for: the next step reports the reason.
        guard socket >= 0 else { return }
        let watch = try loop.watch(socket)
        defer { watch.close() }
        let outcome = await withTaskCancellationHandler {
            await watch.wait(for: readiness)
        } onCancel: {
            watch.interrupt()
        }
        if outcome != .ready { throw CancellationError() }
    }

    private func finishConnecting() async throws {
        let socket = withSession { session in
            session.link?.finishConnecting()
            return session.link?.socket ?? -1
        }
        canceller.withLock { $0 = withSession { $0.link?.makeCanceller(runtime.cancelThreads(for:)) } }
        let watch = try loop.watch(socket)
        interrupter.attach(watch)
        try await perform { operation in try await applyBaseline(operation) }
        // Unowned: a weak reference would force the slow retain path (side table) on every use. ``close(_:)`` removes
        // the action.
        watch.onUnexpectedInput { [unowned watch] in self.noteUnexpectedInput(watch) }
        if watch.hasNews { noteUnexpectedInput(watch) }
    }

    /// Reads input that arrived while no task waited: a notification, a changed setting, or the end of the
    /// connection.
    func noteUnexpectedInput(_ watch: DescriptorWatch) {
        // A running operation reads the input, or looks for it when it ends.
        if interrupter.isRunning { return }
        let isAlive = withSession { session in
            // Checked again under the lock, without which no operation sends or reads.
            guard let link = session.link, session.exchange == nil, !interrupter.isRunning else { return true }
            let isOpen = watch.takeNews()
            // Input before the end may contain the reason.
            session.readUnexpected(link)
            if !isOpen || !link.isConnected { session.breakOff(session.loss(of: link)) }
            return !session.isBroken
        }
        if !isAlive { noteLoss() }
    }
}

extension Session {
    fileprivate mutating func readUnexpected(_ link: Link) {
        // Further input waits in the socket, and finally with its sender.
        while !notifications.isFull {
            let isRead = link.consumeInput()
            // Asking whether libpq is busy makes it parse its input.
            _ = link.isBusy
            collectNotifications(link)
            if !isRead || link.fatalNotice != nil { breakOff(loss(of: link)) }
            if isBroken || link.heldInput != .some { return }
        }
    }
}

extension PostgresError {
    fileprivate static func connectTimedOut(_ settings: ConnectPlan.Settings, _ limit: Duration) -> PostgresError {
        let host = settings.last { $0.name == "host" || $0.name == "hostaddr" }?.value ?? "(libpq's default)"
        return PostgresError(connecting: "connection to server at \"\(host)\" failed: no answer within \(limit)")
    }
}
