@_spi(Driver) public import PoolCore

/// Takes the data of a `COPY … FROM STDIN`. See ``PoolCore/Lease/copyIn(_:_:)``.
public struct PostgresCopyWriter: ~Copyable {
    private let connection: PostgresConnection

    fileprivate init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// Sends bytes in the format that the statement names. They may begin and end anywhere, also within a row.
    ///
    /// Returns once they have left: memory does not grow if the server is slower than the caller.
    ///
    /// - Throws: ``PostgresError``, `CancellationError`.
    public mutating func write(_ bytes: [UInt8]) async throws {
        try await connection.writeCopy(bytes)
    }

    /// Sends text.
    public mutating func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }
}

/// Gives out the data of a `COPY … TO STDOUT`. See ``PoolCore/Lease/copyOut(_:_:)``.
public struct PostgresCopyReader: ~Copyable {
    private let connection: PostgresConnection
    private var isAtEnd = false

    fileprivate init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// The next piece, in text formats a line with its end, or nil at the end.
    ///
    /// - Throws: ``PostgresError``, `CancellationError`.
    public mutating func next() async throws -> [UInt8]? {
        if isAtEnd { return nil }
        let bytes = try await connection.readCopy()
        isAtEnd = bytes == nil
        return bytes
    }
}

extension Lease where Driver == PostgresDriver {
    /// Runs a `COPY … FROM STDIN`, whose data `body` writes.
    ///
    /// If `body` throws, or its task is cancelled, the server drops all that was written.
    ///
    /// - Parameter statement: As in `COPY users(id, name) FROM STDIN (FORMAT csv)`. It cannot have bind values.
    /// - Returns: How many rows were added.
    /// - Throws: ``PostgresError``, also for a statement of another kind; what `body` throws.
    @discardableResult
    public mutating func copyIn(
        _ statement: SQL, _ body: (inout PostgresCopyWriter) async throws -> Void
    ) async throws -> Int {
        let connection = handle.connection
        try await connection.startCopy(statement)
        var writer = PostgresCopyWriter(connection)
        do {
            try await body(&writer)
        } catch {
            // The server's own error, if there is one, says why writing has failed.
            let failure = await connection.endCopyIn(failure: "the writer gave up")
            throw failure.map { $0.code == .queryCanceled ? error : $0 } ?? error
        }
        try Task.checkCancellation()
        return try await connection.finishCopyIn()
    }

    /// Runs a `COPY … TO STDOUT`, whose data `body` reads, as far as it likes.
    ///
    /// - Parameter statement: As in `COPY users TO STDOUT (FORMAT csv)`. It cannot have bind values.
    /// - Throws: ``PostgresError``, also for a statement of another kind; what `body` throws.
    @discardableResult
    public mutating func copyOut<Result>(
        _ statement: SQL, _ body: (inout PostgresCopyReader) async throws -> Result
    ) async throws -> Result {
        let connection = handle.connection
        try await connection.startCopy(statement)
        var reader = PostgresCopyReader(connection)
        let result: Result
        do {
            result = try await body(&reader)
        } catch {
            await connection.endCopyOut()
            throw error
        }
        await connection.endCopyOut()
        return result
    }
}

extension PostgresConnection {
    fileprivate func startCopy(_ statement: SQL) async throws {
        let (text, binds) = try statement.rendered(in: .postgres)
        if !binds.isEmpty { throw PostgresError.misuse("COPY cannot have bind values", .featureNotSupported) }
        try await perform { operation in
            try withSession { try $0.startCopy(text) }
            if try await drive(operation) {
                try withSession { session in _ = try session.finish() }
                throw PostgresError.misuse("the statement is no COPY from STDIN or to STDOUT", .featureNotSupported)
            }
        }
    }

    fileprivate func writeCopy(_ bytes: [UInt8]) async throws {
        try await perform { operation in
            // In pieces, so that what waits in memory stays small.
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

    fileprivate func finishCopyIn() async throws -> Int {
        try await perform(isCancellable: false) { operation in
            try withSession { try $0.endCopyIn(failure: nil) }
            _ = try await drive(operation)
            let tag = try withSession { try $0.finish().tag }
            return tag.split(separator: " ").last.flatMap { Int($0) } ?? 0
        }
    }

    /// Returns the server's error.
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

    fileprivate func readCopy() async throws -> [UInt8]? {
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

    /// Ends it wherever it is. A connection that cannot go on reports itself broken.
    fileprivate func endCopyOut() async {
        try? await perform(isCancellable: false) { operation in
            let (isRunning, mayCancel) = withSession { session in
                if session.exchange?.isCopying == true {
                    session.exchange?.isCopying = false
                    session.exchange?.isCopyingOut = true
                }
                return (session.exchange != nil, !session.isInExplicitTransaction)
            }
            if isRunning {
                try await stopExchange(operation, asking: mayCancel)
                withSession { session in _ = try? session.finish() }
            }
        }
    }
}

extension Session {
    fileprivate func putCopy(_ bytes: [UInt8]) throws -> Link.Flush {
        let link = try open()
        guard exchange?.isCopying == true else { throw PostgresError.misuse("the COPY has ended") }
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
        guard exchange?.isCopying == true else { throw PostgresError.misuse("the COPY has ended") }
        exchange?.isCopying = false
        exchange?.needsFlush = true
        if link.endCopyIn(failure: failure) == .failed { throw PostgresError(connectionFailure: link.errorMessage) }
    }

    fileprivate mutating func getCopy() throws -> Link.CopyOut {
        let link = try open()
        guard exchange?.isCopying == true else { throw PostgresError.misuse("the COPY is not one to the client") }
        let result = link.nextCopyData()
        if case .end = result { exchange?.isCopying = false }
        return result
    }
}
