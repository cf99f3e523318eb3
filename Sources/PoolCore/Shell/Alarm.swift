internal import Synchronization

/// The one timer of a pool: a later request replaces an earlier one.
final class Alarm: Sendable {
    private struct State {
        var request: UInt64 = 0
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// Sets the alarm. Requests are numbered under the pool's lock but arrive without it: an overtaken request is
    /// dropped.
    /// - Parameter body: throws when it was cancelled, because the alarm was replaced or stopped.
    func set(_ request: UInt64, _ body: @escaping @Sendable () async throws -> Void) {
        let task = Task.detached {
            do { try await body() } catch { return }
        }
        let obsolete = state.withLock { state in
            guard request > state.request else { return Optional(task) }
            let old = state.task
            state = State(request: request, task: task)
            return old
        }
        obsolete?.cancel()
    }

    /// Stops the alarm for good: later requests are ignored.
    func stop() {
        let task = state.withLock { state in
            let old = state.task
            state = State(request: .max, task: nil)
            return old
        }
        task?.cancel()
    }
}
