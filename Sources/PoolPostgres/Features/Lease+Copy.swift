@_spi(Driver) public import PoolSQL

/// The writer of the data of a `COPY … FROM STDIN`. See ``PoolCore/SQLSession/copyIn(_:_:)``.
public struct PostgresCopyWriter: ~Copyable, Sendable {
    private let connection: PostgresConnection

    fileprivate init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// Sends bytes in the format that the statement names. They may begin and end anywhere, even within a row.
    ///
    /// Returns after the bytes have been passed on: memory does not grow if the server is slower than the caller.
    ///
    /// - Throws: ``PostgresError``, or `CancellationError`.
    public mutating func write(_ bytes: [UInt8]) async throws {
        try await connection.writeCopy(bytes)
    }

    /// Sends text, as UTF-8.
    ///
    /// - Throws: ``PostgresError``, or `CancellationError`.
    public mutating func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }
}

/// The reader of the data of a `COPY … TO STDOUT`. See ``PoolCore/SQLSession/copyOut(_:_:)``.
public struct PostgresCopyReader: ~Copyable, Sendable {
    private let connection: PostgresConnection
    private var isAtEnd = false

    fileprivate init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// The next piece, in text formats a line with its end; nil at the end.
    ///
    /// - Throws: ``PostgresError``, or `CancellationError`.
    public mutating func next() async throws -> [UInt8]? {
        if isAtEnd { return nil }
        let bytes = try await connection.readCopy()
        isAtEnd = bytes == nil
        return bytes
    }
}

extension SQLSession where Self: ~Copyable, Driver == PostgresDriver {
    /// Runs a `COPY … FROM STDIN`, whose data `body` writes.
    ///
    /// If `body` throws, or its task is cancelled, the server drops all that was written. The server reports invalid
    /// data only after all data has been written.
    ///
    /// - Parameter statement: A statement such as `COPY users(id, name) FROM STDIN (FORMAT csv)`. It cannot have bind
    ///   values, and must be the only COPY.
    /// - Returns: The number of rows that were added.
    /// - Throws: ``PostgresError``, also for a statement of another kind, and
    ///   ``PostgresError/Code/transactionResolutionUnknown`` if the connection is lost at the end, outside a
    ///   transaction; what `body` throws; `CancellationError`.
    @discardableResult
    public mutating func copyIn(
        _ statement: SQL, _ body: (inout PostgresCopyWriter) async throws -> Void
    ) async throws -> Int {
        let connection = handle.connection
        try await connection.startCopy(statement, .fromClient)
        var writer = PostgresCopyWriter(connection)
        do {
            try await body(&writer)
            try Task.checkCancellation()
        } catch {
            // The server's own error, if there is one, tells why writing failed.
            let failure = await connection.endCopyIn(failure: "the writer gave up")
            throw failure.map { $0.code == .queryCanceled ? error : $0 } ?? error
        }
        return try await connection.finishCopyIn()
    }

    /// Runs a `COPY … TO STDOUT`, whose data `body` reads, completely or in part.
    ///
    /// Data that `body` leaves unread is dropped. Outside a transaction, a statement that only reads is stopped then;
    /// any other, such as `COPY (INSERT … RETURNING …) TO STDOUT`, runs to its end, and what it has written
    /// stays.
    ///
    /// - Parameter statement: A statement such as `COPY users TO STDOUT (FORMAT csv)`. It cannot have bind values,
    ///   and must be the only COPY.
    /// - Returns: The result of `body`.
    /// - Throws: ``PostgresError``, also for a statement of another kind; what `body` throws; `CancellationError`.
    @discardableResult
    public mutating func copyOut<Result>(
        _ statement: SQL, _ body: (inout PostgresCopyReader) async throws -> Result
    ) async throws -> Result {
        let connection = handle.connection
        try await connection.startCopy(statement, .toClient)
        var reader = PostgresCopyReader(connection)
        let result: Result
        do {
            result = try await body(&reader)
        } catch {
            // The error of `body` says more.
            try? await connection.endCopyOut()
            throw error
        }
        try await connection.endCopyOut()
        return result
    }
}

extension PostgresConnection {
    func startCopy(_ statement: SQL, _ direction: Exchange.Copying) async throws {
        let (text, binds) = try statement.rendered(in: .postgres)
        if !binds.isEmpty { throw PostgresError.misuse("COPY cannot have bind values", .featureNotSupported) }
        try await perform { operation in
            try await restoreBaseline(operation)
            try withSession { try $0.startCopy(text) }
            let isAnswered = try await drive(operation)
            let started = withSession { $0.exchange?.copying }
            if started == direction { return }
            let expected = direction == .fromClient ? "COPY from STDIN" : "COPY to STDOUT"
            if started == .fromClient {
                try withSession { try $0.endCopyIn(failure: "this function takes a \(expected)") }
                _ = try await drive(operation)
                // The caught error is the same one.
                withSession { session in _ = try? session.finish() }
            } else if !isAnswered {
                let mayStop = withSession { $0.mayStopExchange }
                withSession { $0.dropCopyOut() }
                try await stopExchange(operation, asking: mayStop)
                withSession { session in _ = try? session.finish() }
            } else {
                try withSession { session in _ = try session.finish() }
            }
            throw PostgresError.misuse("the statement is no \(expected)", .featureNotSupported)
        }
    }

    fileprivate func writeCopy(_ bytes: [UInt8]) async throws {
        try await perform { operation in
            // Sent in pieces, so that the waiting data stays small.
            for start in stride(from: 0, to: bytes.count, by: 65_536) {
                let piece = Array(bytes[start..<min(start + 65_536, bytes.count)])
                while try withSession({ try $0.putCopy(piece) }) == .blocked {
                    try await waitForInput(operation, orRoom: true)
                }
                while try withSession({ try $0.flushCopy() }) == .blocked {
                    try await waitForInput(operation, orRoom: true)
                }
            }
        }
    }

    /// Ends a COPY from the client. Not cancellable, because its effect would be unknown; outside a transaction it is
    /// a commit.
    fileprivate func finishCopyIn() async throws -> Int {
        try await perform(isCancellable: false, timeoutFactor: SQLTransactionCommand.timeoutFactorOfEnds) { operation in
            let isCommit = withSession { !$0.isInExplicitTransaction }
            try withSession { try $0.endCopyIn(failure: nil) }
            do {
                _ = try await drive(operation)
                let tag = try withSession { try $0.finish().tag }
                return tag.split(separator: " ").last.flatMap { Int($0) } ?? 0
            } catch let error as PostgresError {
                throw isCommit ? error.asEndOfCommit : error
            }
        }
    }

    /// Ends a COPY from the client with a failure, and returns the server's error.
    fileprivate func endCopyIn(failure: String) async -> PostgresError? {
        do {
            try await perform(isCancellable: false) { operation in
                try withSession { try $0.endCopyIn(failure: failure) }
                _ = try await drive(operation)
                try withSession { session in _ = try session.finish() }
            }
        } catch {
            return error as? PostgresError
        }
        return nil
    }

    func readCopy() async throws -> [UInt8]? {
        try await perform { operation in
            while true {
                switch try withSession({ try $0.getCopy() }) {
                case .data(let bytes): return bytes
                case .end:
                    _ = try await drive(operation)
                    try withSession { session in _ = try session.finish() }
                    return nil
                case .wait: try await waitForInput(operation)
                }
            }
        }
    }

    /// Ends a COPY to the client, at any point of its data. A connection that cannot continue reports itself broken.
    ///
    /// - Throws: The error of a statement that writes: then nothing that it wrote stays.
    func endCopyOut() async throws {
        let isHarmless = withSession { $0.mayStopExchange }
        try await endRunning(isHarmless: isHarmless) { $0.dropCopyOut() }
    }
}

extension Session {
    fileprivate func putCopy(_ bytes: [UInt8]) throws -> Link.Flush {
        let link = try open()
        guard exchange?.copying == .fromClient else { throw PostgresError.misuse("the COPY has ended") }
        let result = link.putCopyData(bytes)
        if result == .failed { throw PostgresError(connectionFailure: link.errorMessage) }
        return result
    }

    fileprivate func flushCopy() throws -> Link.Flush {
        let link = try open()
        let result = link.flush()
        if result == .failed { throw PostgresError(connectionFailure: link.errorMessage) }
        return result
    }

    fileprivate mutating func endCopyIn(failure: String?) throws {
        let link = try open()
        guard exchange?.copying == .fromClient else { throw PostgresError.misuse("the COPY has ended") }
        exchange?.copying = nil
        exchange?.needsFlush = true
        if link.endCopyIn(failure: failure) == .failed { throw PostgresError(connectionFailure: link.errorMessage) }
    }

    fileprivate mutating func getCopy() throws -> Link.CopyOut {
        let link = try open()
        guard exchange?.copying == .toClient else { throw PostgresError.misuse("the COPY has ended") }
        let result = link.nextCopyData()
        switch result {
        case .end: exchange?.copying = nil
        // Without this check libpq would ask to wait forever.
        case .wait where !link.isConnected: throw lost(link)
        case .wait, .data: break
        }
        return result
    }

    private mutating func lost(_ link: Link) -> PostgresError {
        let loss = loss(of: link)
        abandon(loss)
        return loss
    }

    /// Drops the data from now on.
    fileprivate func dropCopyOut() {
        guard exchange?.copying == .toClient else { return }
        exchange?.copying = nil
        exchange?.isCopyingOut = true
    }
}
