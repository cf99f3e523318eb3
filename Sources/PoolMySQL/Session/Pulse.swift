internal import PoolSQL
internal import Synchronization

/// The facts about a connection that are known without asking it: whether it lives, and how long it has been silent.
final class Pulse: Sendable {
    private let interrupter: Interrupter
    /// The ``Session/condition`` after the latest operation, so that a release needs no lock and no hop.
    private let latestCondition: Atomic<UInt8>
    /// The end of the latest operation, in coarse milliseconds.
    private let latestUse = Atomic<Int64>(Library.coarseMilliseconds())
    /// The silence after which the server ends the connection, in milliseconds.
    private let idleLimit: Atomic<Int64>
    private let watch = Mutex<Task<Void, Never>?>(nil)

    init(_ condition: ConnectionCondition, idleLimit: Int64, _ interrupter: Interrupter) {
        latestCondition = Atomic(Self.number(condition))
        self.idleLimit = Atomic(idleLimit)
        self.interrupter = interrupter
    }

    var condition: ConnectionCondition {
        switch latestCondition.load(ordering: .acquiring) {
        case 0: isStillThere ? .clean : .broken
        case 1: isStillThere ? .dirty : .broken
        case Self.streaming: .dirty
        case 3: .generationBroken
        default: .broken
        }
    }

    /// Notes the condition after an operation. In the middle of a stream the socket holds rows that are not yet asked
    /// for, which are no sign of an end.
    func note(_ condition: ConnectionCondition, isStreaming: Bool) {
        latestUse.store(Library.coarseMilliseconds(), ordering: .relaxed)
        let number = isStreaming && condition == .dirty ? Self.streaming : Self.number(condition)
        latestCondition.store(number, ordering: .releasing)
    }

    private static let streaming: UInt8 = 4

    /// Notes a new limit of silence, after which the server ends the session.
    func note(idleLimit milliseconds: Int64) { idleLimit.store(milliseconds, ordering: .relaxed) }

    /// False if the server has ended the session since the latest operation, or is about to, because it was silent.
    private var isStillThere: Bool {
        let silence = Library.coarseMilliseconds() - latestUse.load(ordering: .relaxed)
        if silence <= 0 { return true }
        return !interrupter.seesWhileIdle { socket in
            silence >= idleLimit.load(ordering: .relaxed) || socket?.hasInput ?? false
        }
    }

    private static func number(_ condition: ConnectionCondition) -> UInt8 {
        switch condition {
        case .clean: 0
        case .dirty: 1
        case .broken: 2
        case .generationBroken: 3
        }
    }

    // MARK: Watching

    /// Checks the idle connection every second, or when its limit of silence is near, and calls `action` when it is
    /// lost.
    func watch(_ action: @escaping @Sendable () -> Void) {
        let task = Task.detached {
            while !Task.isCancelled {
                let silence = Library.coarseMilliseconds() - self.latestUse.load(ordering: .relaxed)
                let pause = min(1_000, max(10, self.idleLimit.load(ordering: .relaxed) - silence))
                // A cancelled sleep ends immediately.
                try? await Task.sleep(for: .milliseconds(pause))
                if Task.isCancelled { return }
                switch self.condition {
                case .clean, .dirty: continue
                case .broken, .generationBroken:
                    self.latestCondition.store(2, ordering: .releasing)
                    return action()
                }
            }
        }
        watch.withLock { $0 = task }
    }

    /// Marks the connection as closed, and ends the checks.
    func end() {
        latestCondition.store(2, ordering: .releasing)
        watch.withLock { task in
            task?.cancel()
            task = nil
        }
    }
}
