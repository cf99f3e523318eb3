internal import PoolIO
internal import Synchronization

extension PostgresConnection {
    /// Connects. Everything that libpq may block in runs on a helper thread: names, password and service files,
    /// certificates.
    ///
    /// - Parameter limit: How long it may take; nil for as long as the task is not cancelled.
    func connect(with settings: ConnectPlan.Settings, within limit: Duration?) async throws {
        guard let limit else { return try await connect(with: settings) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.connect(with: settings) }
            group.addTask {
                try await Task.sleep(for: limit)
                throw PostgresError.connectTimedOut(settings, limit)
            }
            // What comes first decides, and ends the other.
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

    /// A step that its task does not wait for any more goes on, and keeps the connection until it ends.
    private func helped<Value: Sendable>(
        _ body: @escaping @Sendable (inout Session) throws -> Value
    ) async throws -> Value {
        try await runtime.helpers.run {
            try self.withSession { session in
                // It may have waited for a thread meanwhile.
                if session.isBroken { throw PostgresError.closed }
                return try body(&session)
            }
        }
    }

    /// The watch lasts for one wait only: libpq may close the socket and open another at each step.
    private func waitWhileConnecting(_ readiness: Readiness) async throws {
        let socket = withSession { $0.link?.socket ?? -1 }
        // Without a socket there is nothing to wait for: the next step says why.
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
        gate.attach(watch)
        try await perform { operation in try await applyBaseline(operation) }
        // Until close(_:): a weak reference would make each use of the connection dearer.
        watch.onUnexpectedInput { [unowned watch] in self.noteUnexpectedInput(watch) }
        if watch.hasNews { noteUnexpectedInput(watch) }
    }

    /// Bytes have come while nobody waited: a notification, a setting that changed, or the end of the connection.
    func noteUnexpectedInput(_ watch: DescriptorWatch) {
        // An operation that runs reads them, or looks for them when it ends.
        if gate.isRunning { return }
        let isAlive = withSession { session in
            // Looked at again under the lock, without which no operation sends or reads.
            guard let link = session.link, session.exchange == nil, !gate.isRunning else { return true }
            let isOpen = watch.takeNews()
            // What came before the end may say why.
            session.readUnexpected(link)
            if !isOpen || !link.isConnected { session.breakOff(session.loss(of: link)) }
            return !session.isBroken
        }
        if !isAlive { noteLoss() }
    }
}

extension Session {
    fileprivate mutating func readUnexpected(_ link: Link) {
        // What is left waits in the socket, and so in the end with who sends it.
        while !notifications.isFull {
            let isRead = link.consumeInput()
            // To look whether it is busy makes libpq read what has come.
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
