@_spi(Driver) public import PoolSQL

/// The notifications that other sessions send to the channels of a lease. See ``PoolCore/Lease/listen(to:_:)``.
public struct PostgresNotifications: ~Copyable, Sendable {
    private let connection: PostgresConnection

    fileprivate init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// The next notification; waits until there is one.
    ///
    /// - Throws: `CancellationError` when the task is cancelled, and ``PostgresError`` when the connection is lost:
    ///   notifications sent meanwhile are lost too, and after listening again the application must check what it
    ///   missed.
    public mutating func next() async throws -> PostgresNotification {
        try await connection.nextNotification()
    }
}

extension Lease where Driver == PostgresDriver {
    /// Listens to `channels` for as long as `body` runs.
    ///
    /// ```swift
    /// try await pool.withConnection { connection in
    ///     try await connection.listen(to: ["orders"]) { notifications in
    ///         while true { print(try await notifications.next()) }
    ///     }
    /// }
    /// ```
    ///
    /// Notifications sent after this function began to listen are delivered, in order. The lease is held throughout,
    /// and counts against the pool's maximum. Listening does not work behind a transaction-level pooler.
    ///
    /// While about a thousand notifications wait to be taken, no more are read: they wait in the server's queue,
    /// which all sessions share, and which is large but limited.
    /// https://www.postgresql.org/docs/current/sql-notify.html
    ///
    /// - Parameter channels: The names of the channels, with upper and lower case being different.
    /// - Throws: ``PostgresError``, and what `body` throws.
    public mutating func listen<Result>(
        to channels: [String], _ body: (inout PostgresNotifications) async throws -> Result
    ) async throws -> Result {
        let connection = handle.connection
        try await connection.listen(channels)
        var notifications = PostgresNotifications(connection)
        let result: Result
        do {
            result = try await body(&notifications)
        } catch {
            await connection.stopListening(channels)
            throw error
        }
        await connection.stopListening(channels)
        return result
    }
}

extension PostgresConnection {
    func listen(_ channels: [String]) async throws {
        try await perform { operation in
            // From now on the session is changed, until ``stopListening(_:)`` succeeds.
            withSession { $0.isChanged = true }
            for channel in channels {
                if channel.utf8.contains(0) { throw PostgresError.misuse("a channel's name must not hold a zero byte") }
                try await command("LISTEN \(SQLDialect.postgres.quoted(channel))", operation)
            }
        }
    }

    /// Stops listening. If that fails, it is left to the reset, and to the connection's condition.
    func stopListening(_ channels: [String]) async {
        try? await perform(isCancellable: false) { operation in
            for channel in channels { try await command("UNLISTEN \(SQLDialect.postgres.quoted(channel))", operation) }
            withSession { $0.notifications.removeAll() }
        }
    }

    func nextNotification() async throws -> PostgresNotification {
        try await perform { operation in
            while true {
                if let notification = withSession({ $0.takeNotification() }) { return notification }
                try await waitForInput(operation)
                try withSession { try $0.readNotifications() }
            }
        }
    }
}

extension Session {
    fileprivate mutating func takeNotification() -> PostgresNotification? {
        notifications.popFirst()
    }

    fileprivate mutating func readNotifications() throws {
        let link = try open()
        // Asking whether libpq is busy makes it parse its input.
        _ = link.isBusy
        collectNotifications(link)
        if !link.isConnected || link.fatalNotice != nil {
            let loss = loss(of: link)
            breakOff(loss)
            if notifications.isEmpty { throw loss }
        }
    }
}
