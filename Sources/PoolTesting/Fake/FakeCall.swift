public import PoolCore
internal import Synchronization

/// One call of a ``FakeDriver``. A call that hangs waits at a gate, which the test opens with this object.
public final class FakeCall: Sendable {
    /// The kind of call.
    public let step: FakeStep
    /// The number of the call among those of its step: 1 for the first, then 2, 3 and so on.
    public let number: Int
    /// The name of the lane.
    public let lane: String
    /// The connection that the call is about; nil for a connect.
    public let connection: FakeConnection?
    /// The request of a connect; nil for the other steps.
    public let request: ConnectRequest?
    /// The mode of a close; nil for the other steps.
    public let closeMode: ConnectionCloseMode?
    /// The statement of the work; nil for ``FakeConnection/work()`` and for the other steps.
    public let statement: String?

    private let gate = Promise<Void>()
    private let cancellation = Journal<Void>()

    init(
        step: FakeStep, number: Int, lane: String, connection: FakeConnection? = nil, request: ConnectRequest? = nil,
        closeMode: ConnectionCloseMode? = nil, statement: String? = nil
    ) {
        self.step = step
        self.number = number
        self.lane = lane
        self.connection = connection
        self.request = request
        self.closeMode = closeMode
        self.statement = statement
    }

    /// Opens the gate: the call succeeds. False if it had ended before.
    @discardableResult
    public func succeed() -> Bool {
        gate.finish(.success(()))
    }

    /// Opens the gate: the call throws `error`. False if it had ended before.
    @discardableResult
    public func fail(_ error: any Error) -> Bool {
        gate.finish(.failure(error))
    }

    /// True if the call's task was cancelled while it hung.
    public var isCancelled: Bool { !cancellation.elements.isEmpty }

    /// Suspends until the call's task is cancelled.
    ///
    /// - Throws: `CancellationError` once the task that waits is itself cancelled.
    public func waitForCancellation() async throws {
        _ = try await cancellation.first(1) { true }
    }

    func hang(cancellable: Bool) async throws {
        try await gate.value(onCancel: { [self] in
            cancellation.append(())
            if cancellable { fail(CancellationError()) }
        })
    }
}
