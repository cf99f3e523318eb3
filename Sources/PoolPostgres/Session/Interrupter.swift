internal import PoolIO
internal import Synchronization

/// Decides which operation a cancellation is for, and wakes that one and no other.
///
/// The operation itself reacts to the cancellation: only it knows what it has sent.
final class Interrupter: Sendable {
    private struct State {
        var watch: DescriptorWatch?
        var operation = OperationWord()
        var isClosing = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    /// Mirrors of the state's operation, readable without the lock.
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
    func begin(isCancellable: Bool, timeoutFactor: Int = 1) throws -> Operation {
        try state.withLock { state in
            guard let watch = state.watch, !state.isClosing else { throw PostgresError.closed }
            if state.operation.isRunning {
                throw PostgresError.misuse("another call on this connection is still running")
            }
            state.operation.begin(isCancellable: isCancellable)
            isBusy.store(true, ordering: .sequentiallyConsistent)
            // The interruption came too late for the previous operation.
            if isSignalled.exchange(false, ordering: .relaxed) { watch.clearInterrupt() }
            return Operation(
                number: state.operation.number, isCancellable: isCancellable, timeoutFactor: timeoutFactor,
                watch: watch)
        }
    }

    /// Ends an operation, which cannot be interrupted afterwards.
    func end(_ operation: Operation) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.operation.running == operation.number else { return [] }
            state.operation.end(operation.number)
            isBusy.store(false, ordering: .sequentiallyConsistent)
            defer { state.endWaiters = [] }
            return state.endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func signal(for operation: Operation) -> OperationSignal {
        if !isSignalled.load(ordering: .relaxed) { return .none }
        return state.withLock { $0.operation.running == operation.number ? $0.operation.signal : .none }
    }

    /// Interrupts `operation` because its task was cancelled; no effect if it has ended.
    func cancel(_ operation: Operation) {
        state.withLock { state in
            if state.operation.running == operation.number { interrupt(&state, .taskCancelled) }
        }
    }

    /// Interrupts the running operation if it is cancellable; no effect if none runs.
    func cancelRunning() {
        state.withLock { state in
            if state.operation.isCancellable { interrupt(&state, .connectionCancelled) }
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
                if state.operation.isRunning { state.endWaiters.append(continuation) }
                return !state.operation.isRunning
            }
            if isIdle { continuation.resume() }
        }
    }

    /// Signals the running operation; no effect if none runs, or if it was signalled already.
    private func interrupt(_ state: inout State, _ signal: OperationSignal) {
        let isNew = state.operation.signal == .none || signal == .closing
        guard state.operation.isRunning, isNew else { return }
        state.operation.note(signal)
        isSignalled.store(true, ordering: .relaxed)
        state.watch?.interrupt()
    }
}
