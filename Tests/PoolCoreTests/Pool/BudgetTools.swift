import PoolCore
import Synchronization

/// Counts the connections of several pools as their drivers see them: from the start of the connect to the end of the
/// close.
final class Gauge: PoolObserver {
    private struct State {
        var now = 0
        var peak = 0
    }

    private let state = Mutex(State())

    var peak: Int { state.withLock { $0.peak } }

    func began(_ operation: PoolOperation, in pool: String) {
        guard operation.kind == .connect else { return }
        state.withLock { state in
            state.now += 1
            state.peak = max(state.peak, state.now)
        }
    }

    func ended(_ operation: PoolOperation, in pool: String, after duration: Duration, error: (any Error)?) {
        if operation.kind == .close || operation.kind == .connect && error != nil { state.withLock { $0.now -= 1 } }
    }
}

/// What happened, in order.
final class OrderLog: Sendable {
    private let log = Mutex<[String]>([])

    var entries: [String] { log.withLock { $0 } }

    func append(_ entry: String) { log.withLock { $0.append(entry) } }
}
