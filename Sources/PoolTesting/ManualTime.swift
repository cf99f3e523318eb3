public import PoolCore
internal import Synchronization

/// Time that stands still until a test moves it.
///
/// Sleepers wake in the order of their instants and, at the same instant, in the order in which they fell asleep. A
/// sleep until an instant that has passed returns immediately, so no wake-up is lost, whatever the order of the
/// calls.
public final class ManualTime: PoolTime {
    private struct Sleeper {
        let id: UInt64
        let due: PoolInstant
        let promise: Promise<Void>
    }

    private struct Onlooker {
        let id: UInt64
        let condition: @Sendable ([PoolInstant]) -> Bool
        let promise: Promise<Void>
    }

    private struct State {
        var now: PoolInstant
        /// The sleepers, the next to wake first.
        var sleepers: [Sleeper] = []
        var onlookers: [Onlooker] = []
        var lastID: UInt64 = 0

        mutating func newID() -> UInt64 {
            lastID += 1
            return lastID
        }

        mutating func removeSatisfiedOnlookers() -> [Promise<Void>] {
            guard !onlookers.isEmpty else { return [] }
            let wakeUps = sleepers.map(\.due)
            let satisfied = onlookers.filter { $0.condition(wakeUps) }
            onlookers.removeAll { onlooker in satisfied.contains { $0.id == onlooker.id } }
            return satisfied.map(\.promise)
        }
    }

    private let state: Mutex<State>

    /// Makes a time that stands still.
    ///
    /// - Parameter start: The first instant. The default is zero.
    public init(startingAt start: PoolInstant = PoolInstant(nanoseconds: 0)) {
        state = Mutex(State(now: start))
    }

    /// The present instant.
    public func now() -> PoolInstant {
        state.withLock { $0.now }
    }

    /// Suspends until the test has moved the time to `instant`.
    ///
    /// - Throws: `CancellationError` once the task is cancelled.
    public func sleep(until instant: PoolInstant) async throws {
        try Task.checkCancellation()
        let promise = Promise<Void>()
        let (id, satisfied) = state.withLock { state in
            let id = state.newID()
            if instant <= state.now {
                promise.finish(.success(()))
                return (id, [Promise<Void>]())
            }
            let place = state.sleepers.firstIndex { $0.due > instant } ?? state.sleepers.endIndex
            state.sleepers.insert(Sleeper(id: id, due: instant, promise: promise), at: place)
            return (id, state.removeSatisfiedOnlookers())
        }
        for onlooker in satisfied { onlooker.finish(.success(())) }
        try await promise.value(onCancel: { [self] in
            removeSleeper(id)
            promise.finish(.failure(CancellationError()))
        })
    }

    /// Advances the time by `duration`, which must not be negative, and wakes the sleepers that are due.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "time does not run backwards: \(duration)")
        wake(at: { $0 + duration })
    }

    /// Advances the time to `instant`, and wakes the sleepers that are due. An instant that has passed changes
    /// nothing.
    public func advance(to instant: PoolInstant) {
        wake(at: { max($0, instant) })
    }

    /// Advances the time to the next wake-up, and wakes the sleepers that are due. False if no task sleeps.
    @discardableResult
    public func advanceToNextWakeUp() -> Bool {
        guard let nextWakeUp else { return false }
        advance(to: nextWakeUp)
        return true
    }

    /// The instants at which the sleepers wake, the earliest first.
    public var wakeUps: [PoolInstant] {
        state.withLock { $0.sleepers.map(\.due) }
    }

    /// The instant at which the next sleeper wakes; nil if no task sleeps.
    public var nextWakeUp: PoolInstant? {
        state.withLock { $0.sleepers.first?.due }
    }

    /// Suspends until at least `count` tasks sleep.
    ///
    /// - Throws: `CancellationError` once the task is cancelled.
    public func waitForSleepers(_ count: Int) async throws {
        try await waitUntil { $0.count >= count }
    }

    /// Suspends until a task sleeps until exactly `instant`.
    ///
    /// - Throws: `CancellationError` once the task is cancelled.
    public func waitForSleeper(until instant: PoolInstant) async throws {
        try await waitUntil { $0.contains(instant) }
    }

    /// Suspends until the wake-ups of all sleepers, the earliest first, satisfy `condition`.
    ///
    /// - Throws: `CancellationError` once the task is cancelled.
    public func waitUntil(_ condition: @escaping @Sendable ([PoolInstant]) -> Bool) async throws {
        let promise = Promise<Void>()
        let id = state.withLock { state in
            let id = state.newID()
            if condition(state.sleepers.map(\.due)) {
                promise.finish(.success(()))
            } else {
                state.onlookers.append(Onlooker(id: id, condition: condition, promise: promise))
            }
            return id
        }
        try await promise.value(onCancel: { [self] in
            state.withLock { state in state.onlookers.removeAll { $0.id == id } }
            promise.finish(.failure(CancellationError()))
        })
    }

    private func wake(at newNow: (PoolInstant) -> PoolInstant) {
        let (woken, satisfied) = state.withLock { state in
            state.now = newNow(state.now)
            let count = state.sleepers.prefix { $0.due <= state.now }.count
            let woken = state.sleepers.prefix(count).map(\.promise)
            state.sleepers.removeFirst(count)
            return (woken, state.removeSatisfiedOnlookers())
        }
        for promise in woken { promise.finish(.success(())) }
        for promise in satisfied { promise.finish(.success(())) }
    }

    private func removeSleeper(_ id: UInt64) {
        let satisfied = state.withLock { state in
            state.sleepers.removeAll { $0.id == id }
            return state.removeSatisfiedOnlookers()
        }
        for promise in satisfied { promise.finish(.success(())) }
    }
}
