import PoolCore
import Synchronization

/// Counts the connections of several pools by itself: from the start of each connect until the connection is closed.
final class Gauge: PoolObserver {
    private struct State {
        var now = 0
        var peak = 0
    }

    private let state = Mutex(State())

    /// The most that there were at the same time.
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
