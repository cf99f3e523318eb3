public import PoolCore

/// An observer that records all events and operations, and that tests can wait on without polling.
public final class RecordingObserver: PoolObserver {
    /// The beginning or the end of an operation.
    public struct Step: Sendable {
        /// The side of an operation: its beginning or its end.
        public enum Side: Sendable, Hashable { case began, ended }

        /// The operation.
        public let operation: PoolOperation
        /// Whether the operation began or ended.
        public let side: Side
        /// How long the operation took; zero at its beginning.
        public let duration: Duration
        /// The error of the operation; nil at its beginning, and at the end of a successful one.
        public let error: (any Error)?
    }

    private let recordedEvents = Journal<PoolEvent>()
    private let recordedSteps = Journal<Step>()

    /// Makes an observer without records.
    public init() {}

    /// All events so far, in order.
    public var events: [PoolEvent] { recordedEvents.elements }

    /// All beginnings and ends of operations so far, in order.
    public var steps: [Step] { recordedSteps.elements }

    /// The operations of `kind` that began and have not ended.
    public func running(_ kind: PoolOperation.Kind) -> [PoolOperation] {
        var running: [PoolOperation] = []
        for step in steps where step.operation.kind == kind {
            switch step.side {
            case .began: running.append(step.operation)
            case .ended: running.removeAll { $0.id == step.operation.id }
            }
        }
        return running
    }

    /// Suspends until an event matches, which may be an earlier one.
    ///
    /// - Throws: `CancellationError` once the task is cancelled.
    @discardableResult
    public func event(where matches: @escaping @Sendable (PoolEvent) -> Bool) async throws -> PoolEvent {
        try await recordedEvents.first(1, where: matches)[0]
    }

    /// Suspends until `count` events match, including earlier ones.
    ///
    /// - Throws: `CancellationError` once the task is cancelled.
    @discardableResult
    public func events(
        _ count: Int, where matches: @escaping @Sendable (PoolEvent) -> Bool
    ) async throws -> [PoolEvent] {
        try await recordedEvents.first(count, where: matches)
    }

    /// Suspends until `count` operations of `kind` have begun, or ended.
    ///
    /// - Throws: `CancellationError` once the task is cancelled.
    @discardableResult
    public func steps(_ count: Int, _ kind: PoolOperation.Kind, _ side: Step.Side) async throws -> [Step] {
        try await recordedSteps.first(count) { $0.operation.kind == kind && $0.side == side }
    }

    /// Records an event.
    public func happened(_ event: PoolEvent, in pool: String) {
        recordedEvents.append(event)
    }

    /// Records the beginning of an operation.
    public func began(_ operation: PoolOperation, in pool: String) {
        recordedSteps.append(Step(operation: operation, side: .began, duration: .zero, error: nil))
    }

    /// Records the end of an operation.
    public func ended(
        _ operation: PoolOperation, in pool: String, after duration: Duration, error: (any Error)?
    ) {
        recordedSteps.append(Step(operation: operation, side: .ended, duration: duration, error: error))
    }
}
