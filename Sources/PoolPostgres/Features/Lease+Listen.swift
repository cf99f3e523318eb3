@_spi(Driver) public import PoolCore

/// What other sessions send to the channels that a lease listens to. See ``PoolCore/Lease/listen(to:_:)``.
public struct PostgresNotifications: ~Copyable, Sendable {
    private let connection: PostgresConnection

    fileprivate init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// The next notification; waits until there is one.
    ///
    /// - Throws: `CancellationError` when the task is cancelled, and ``PostgresError`` when the connection is lost:
    ///   then what was sent meanwhile is lost too, and whoever listens again must look for what it missed.
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
    /// Notifications that were sent after this function began to listen are delivered, in order. The lease is held all
    /// the while, and counts against the pool's maximum; behind a transaction-level pooler listening does not work.
    ///
    /// While about a thousand notifications wait to be taken, no more are read: they wait in the server, whose queue is
    /// common to all sessions and large, but not endless. https://www.postgresql.org/docs/current/sql-notify.html
    ///
    /// - Parameter channels: Their names, upper and lower case being different.
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
            // Until it is taken back, a reset must do it.
            withSession { $0.isChanged = true }
            for channel in channels {
                if channel.utf8.contains(0) { throw PostgresError.misuse("a channel's name must not hold a zero byte") }
                try await command("LISTEN \(Self.quoted(channel))", operation)
            }
        }
    }

    /// What cannot be taken back now is left to the reset, and to the connection's condition.
    func stopListening(_ channels: [String]) async {
        try? await perform(isCancellable: false) { operation in
            for channel in channels { try await command("UNLISTEN \(Self.quoted(channel))", operation) }
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
        // To look whether it is busy makes libpq read what has come.
        _ = link.isBusy
        collectNotifications(link)
        if !link.isConnected || link.fatalNotice != nil {
            let loss = loss(of: link)
            breakOff(loss)
            if notifications.isEmpty { throw loss }
        }
    }
}
