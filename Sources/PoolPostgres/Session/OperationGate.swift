internal import PoolIO
internal import Synchronization

/// One call on a connection, from its begin to its end.
struct Operation: Sendable {
    let number: UInt64
    let isCancellable: Bool
    /// How many times the cancel time-out the operation may continue after a cancellation that does not stop it.
    let timeoutFactor: Int
    let watch: DescriptorWatch

    /// A copy of the operation, for a part that must run to its end.
    var uncancellable: Operation {
        Operation(number: number, isCancellable: false, timeoutFactor: timeoutFactor, watch: watch)
    }
}

/// Decides which operation a cancellation is for, and wakes that one and no other.
///
/// The operation itself reacts to the cancellation: only it knows what it has sent.
final class OperationGate: Sendable {
    enum Signal: Sendable {
        case none
        /// The task that runs the operation was cancelled.
        case taskCancelled
        /// The pool asked, through `DriverConnection.cancel()`.
        case connectionCancelled
        /// The connection is being closed by force.
        case closing
    }

    private struct State {
        var watch: DescriptorWatch?
        var latest: UInt64 = 0
        /// The number of the running operation; 0 if none runs.
        var running: UInt64 = 0
        var signal = Signal.none
        var isCancellable = false
        var isClosing = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    /// Mirrors of `state.running` / `state.signal`, readable without the lock.
    private let isBusy = Atomic<Bool>(false)
    private let isSignalled = Atomic<Bool>(false)

    /// True while an operation runs.
    var isRunning: Bool { isBusy.load(ordering: .sequentiallyConsistent) }

    /// True if there may be a ``signal(for:)``.
    var isInterrupted: Bool { isSignalled.load(ordering: .relaxed) }

    /// Sets the watch of an established connection.
    func attach(_ watch: DescriptorWatch) {
        state.withLock { $0.watch = watch }
    }

    /// Removes the watch and returns it, to be closed before the socket is.
    func detach() -> DescriptorWatch? {
        state.withLock { $0.watch.take() }
    }

    /// Begins an operation.
    ///
    /// - Throws: ``PostgresError`` if the connection is closed, or if another operation is running.
    func begin(cancellable: Bool, timeoutFactor: Int = 1) throws -> Operation {
        try state.withLock { state in
            guard let watch = state.watch, !state.isClosing else { throw PostgresError.closed }
            if state.running != 0 { throw PostgresError.misuse("another call on this connection is still running") }
            state.latest += 1
            state.running = state.latest
            state.isCancellable = cancellable
            state.signal = .none
            isBusy.store(true, ordering: .sequentiallyConsistent)
            // The interruption came too late for the previous operation.
            if isSignalled.exchange(false, ordering: .relaxed) { watch.clearInterrupt() }
            return Operation(
                number: state.latest, isCancellable: cancellable, timeoutFactor: timeoutFactor, watch: watch)
        }
    }

    /// Ends an operation, which cannot be interrupted afterwards.
    func end(_ operation: Operation) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.running == operation.number else { return [] }
            state.running = 0
            isBusy.store(false, ordering: .sequentiallyConsistent)
            defer { state.endWaiters = [] }
            return state.endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func signal(for operation: Operation) -> Signal {
        if !isSignalled.load(ordering: .relaxed) { return .none }
        return state.withLock { $0.running == operation.number ? $0.signal : .none }
    }

    /// Interrupts `operation` because its task was cancelled; no effect if it has ended.
    func cancel(_ operation: Operation) {
        state.withLock { state in
            if state.running == operation.number { interrupt(&state, .taskCancelled) }
        }
    }

    /// Interrupts the running operation if it is cancellable; no effect if none runs.
    func cancelRunning() {
        state.withLock { state in
            if state.running != 0, state.isCancellable { interrupt(&state, .connectionCancelled) }
        }
    }

    /// Interrupts the running operation, and refuses each further one.
    func close() {
        state.withLock { state in
            state.isClosing = true
            interrupt(&state, .closing)
        }
    }

    /// Returns when no operation runs.
    func waitUntilIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.running != 0 { state.endWaiters.append(continuation) }
                return state.running == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    /// Signals an operation. The first signal stays, unless the connection is being closed.
    private func interrupt(_ state: inout State, _ signal: Signal) {
        guard state.running != 0, state.signal == .none || signal == .closing else { return }
        state.signal = signal
        isSignalled.store(true, ordering: .relaxed)
        state.watch?.interrupt()
    }
}
