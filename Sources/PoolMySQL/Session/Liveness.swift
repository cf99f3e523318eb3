internal import PoolSQL
internal import Synchronization

/// The facts about a connection that are known without asking it: whether it lives, and how long it has been silent.
final class Liveness: Sendable {
    private let interrupter: Interrupter
    /// The ``Session/condition`` after the latest operation, so that a release needs no lock and no hop.
    private let latestCondition: Atomic<ConnectionCondition>
    /// True while a stream is open. Its socket holds rows that are not yet asked for, which are no sign of an end.
    private let isStreaming = Atomic<Bool>(false)
    /// The end of the latest operation, in coarse milliseconds.
    private let latestUse = Atomic<Int64>(ClientLibrary.coarseMilliseconds())
    /// The silence after which the server ends the connection, in milliseconds.
    private let idleLimit: Atomic<Int64>
    private let watch = Mutex<Task<Void, Never>?>(nil)

    init(_ condition: ConnectionCondition, idleLimit: Int64, _ interrupter: Interrupter) {
        latestCondition = Atomic(condition)
        self.idleLimit = Atomic(idleLimit)
        self.interrupter = interrupter
    }

    var condition: ConnectionCondition {
        let latest = latestCondition.load(ordering: .acquiring)
        switch latest {
        case .clean, .dirty: return isStreaming.load(ordering: .relaxed) || isStillThere ? latest : .broken
        case .broken, .generationBroken: return latest
        }
    }

    /// Notes the condition after an operation.
    func note(_ condition: ConnectionCondition, isStreaming: Bool) {
        latestUse.store(ClientLibrary.coarseMilliseconds(), ordering: .relaxed)
        self.isStreaming.store(isStreaming, ordering: .relaxed)
        latestCondition.store(condition, ordering: .releasing)
    }

    /// Notes a new limit of silence, after which the server ends the session.
    func note(idleLimit milliseconds: Int64) { idleLimit.store(milliseconds, ordering: .relaxed) }

    /// False if the server has ended the session since the latest operation, or is about to, because it was silent.
    private var isStillThere: Bool {
        let silence = ClientLibrary.coarseMilliseconds() - latestUse.load(ordering: .relaxed)
        if silence <= 0 { return true }
        return !interrupter.seesWhileIdle { socket in
            silence >= idleLimit.load(ordering: .relaxed) || socket?.hasInput ?? false
        }
    }

    // MARK: Watching

    /// Checks the idle connection every second, or when its limit of silence is near, and calls `action` when it is
    /// lost.
    func watch(_ action: @escaping @Sendable () -> Void) {
        let task = Task.detached {
            while !Task.isCancelled {
                let silence = ClientLibrary.coarseMilliseconds() - self.latestUse.load(ordering: .relaxed)
                let pause = min(1_000, max(10, self.idleLimit.load(ordering: .relaxed) - silence))
                // A cancelled sleep ends immediately.
                try? await Task.sleep(for: .milliseconds(pause))
                if Task.isCancelled { return }
                switch self.condition {
                case .clean, .dirty: continue
                case .broken, .generationBroken:
                    self.latestCondition.store(.broken, ordering: .releasing)
                    return action()
                }
            }
        }
        watch.withLock { $0 = task }
    }

    /// Marks the connection as closed, and ends the checks.
    func end() {
        latestCondition.store(.broken, ordering: .releasing)
        watch.withLock { task in
            task?.cancel()
            task = nil
        }
    }
}
