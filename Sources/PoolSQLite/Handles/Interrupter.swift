internal import CSQLite
internal import Synchronization

/// Decides which operation of a connection a cancellation may stop, and stops that one and no other.
///
/// `sqlite3_interrupt` by itself stops whatever happens to run, and is forgotten if nothing runs yet. So it is called
/// only under the lock that also begins and ends an operation, and beside it a signal is set which SQLite asks for
/// while it works (the progress handler) and while it waits for a lock (the busy handler).
final class Interrupter: Sendable {
    enum Signal: UInt8 {
        case none
        /// The task that runs the operation was cancelled.
        case taskCancelled
        /// The pool asked, through `DriverConnection.cancel()`.
        case connectionCancelled
        /// The connection is being closed by force.
        case closing
    }

    private struct State {
        /// The address of the open database, borrowed from its `Database`, which takes it away before it closes.
        var database: UInt?
        var latest: UInt64 = 0
        /// 0 while nothing runs.
        var running: UInt64 = 0
        var isCancellable = false
        var isClosing = false
    }

    private let state = Mutex(State())
    private let shared = Atomic<UInt8>(0)

    /// Asked by the thread that runs the operation.
    var signal: Signal {
        Signal(rawValue: shared.load(ordering: .relaxed)) ?? .none
    }

    /// Returns the operation's number, for ``end(_:)`` and ``cancel(_:)``.
    func begin(cancellable: Bool) -> UInt64 {
        state.withLock { state in
            state.latest += 1
            state.running = state.latest
            state.isCancellable = cancellable
            shared.store(state.isClosing ? Signal.closing.rawValue : 0, ordering: .relaxed)
            return state.latest
        }
    }

    /// After this the operation cannot be interrupted.
    func end(_ operation: UInt64) {
        state.withLock { state in
            if state.running == operation { state.running = 0 }
        }
    }

    /// Stops `operation` because its task was cancelled; no effect if it has ended.
    func cancel(_ operation: UInt64) {
        state.withLock { state in
            if state.running == operation, state.isCancellable { interrupt(state, .taskCancelled) }
        }
    }

    /// Stops whichever operation runs now; no effect if none does.
    func cancelRunning() {
        state.withLock { state in
            if state.running != 0, state.isCancellable { interrupt(state, .connectionCancelled) }
        }
    }

    /// Stops what runs now, and each operation that begins from now on.
    func close() {
        state.withLock { state in
            state.isClosing = true
            interrupt(state, .closing)
        }
    }

    func attach(_ database: OpaquePointer) {
        let address = UInt(bitPattern: database)
        state.withLock { $0.database = address }
    }

    func detach() {
        state.withLock { $0.database = nil }
    }

    private func interrupt(_ state: State, _ signal: Signal) {
        if shared.load(ordering: .relaxed) == Signal.closing.rawValue { return }
        shared.store(signal.rawValue, ordering: .relaxed)
        if let address = state.database {
            unsafe sqlite3_interrupt(OpaquePointer(bitPattern: address))
        }
    }
}
