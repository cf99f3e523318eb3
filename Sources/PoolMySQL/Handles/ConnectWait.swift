internal import CMariaDB
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Makes a connect interruptible: libmariadb calls this instead of poll(2) while it connects, handshakes and logs in.
final class ConnectWait: Sendable {
    private struct State {
        var isInterrupted = false
        /// True once the time for the connect has passed.
        var isLate = false
        /// The connect's own socket: with TLS, libmariadb may block on it without calling this object.
        var socket: Socket?
    }

    private let state = Mutex(State())
    /// The connects in progress, by the identities of their threads: libmariadb passes only the socket.
    private static let current = Mutex<[UInt: ConnectWait]>([:])

    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

    var isLate: Bool { state.withLock { $0.isLate } }

    /// Ends the current wait, and each one that follows.
    func interrupt() {
        state.withLock { state in
            state.isInterrupted = true
            state.socket?.shutDown()
        }
    }

    /// Calls `body`, which connects, and ends its waits when `limit` has passed. Afterwards nothing is interrupted
    /// any more.
    func limited<Result: ~Copyable>(to limit: Duration, _ body: () throws -> Result) rethrows -> Result {
        let timer = Task.detached {
            do { try await Task.sleep(for: limit) } catch { return }
            self.state.withLock { state in
                guard !Task.isCancelled else { return }
                state.isLate = true
                state.socket?.shutDown()
            }
        }
        defer {
            timer.cancel()
            state.withLock { $0.socket = nil }
        }
        return try body()
    }

    /// Sets the socket that the connect uses from now on.
    func use(_ descriptor: Int32) {
        Socket.closeInChildren(descriptor)
        state.withLock { state in
            state.socket = Socket(duplicating: descriptor)
            if state.isInterrupted || state.isLate { state.socket?.shutDown() }
        }
    }

    /// Calls `body`, whose waits on this thread this object controls.
    func during<Result: ~Copyable>(_ mysql: UnsafeMutablePointer<MYSQL>, _ body: () throws -> Result) rethrows -> Result
    {
        let thread = Self.threadIdentity
        Self.current.withLock { $0[thread] = self }
        unsafe cmariadb_set_wait(mysql, waitForSocket)
        defer {
            unsafe cmariadb_set_wait(mysql, nil)
            Self.current.withLock { $0[thread] = nil }
        }
        return try body()
    }

    /// Works like poll(2) for one descriptor; -1 once the connect is interrupted.
    fileprivate func wait(_ descriptor: Int32, isReading: Bool, milliseconds: Int32) -> Int32 {
        use(descriptor)
        if hasEnded { return -1 }
        let events = Int16(isReading ? POLLIN : POLLOUT)
        let result = Socket.wait(for: descriptor, events, milliseconds: milliseconds <= 0 ? -1 : milliseconds)
        return hasEnded ? -1 : result
    }

    private var hasEnded: Bool { state.withLock { $0.isInterrupted || $0.isLate } }

    fileprivate static func ofThisThread() -> ConnectWait? {
        let thread = threadIdentity
        return current.withLock { $0[thread] }
    }

    private static var threadIdentity: UInt {
        #if canImport(Darwin)
        unsafe UInt(bitPattern: pthread_self())
        #else
        UInt(pthread_self())
        #endif
    }
}

/// The function that libmariadb calls. Not a closure, because one that calls a static member crashes the compiler
/// (Swift 6.3.1).
private func waitForSocket(_ descriptor: my_socket, _ isReading: my_bool, _ milliseconds: Int32) -> Int32 {
    guard let wait = ConnectWait.ofThisThread() else {
        let events = Int16(isReading != 0 ? POLLIN : POLLOUT)
        return Socket.wait(for: descriptor, events, milliseconds: milliseconds <= 0 ? -1 : milliseconds)
    }
    return wait.wait(descriptor, isReading: isReading != 0, milliseconds: milliseconds)
}
