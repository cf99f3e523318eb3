public import PoolCore

/// Something that a pool, or the body of a lease, asks of a ``FakeDriver``.
public enum FakeStep: String, Sendable, Hashable, CaseIterable {
    case connect
    case validate
    case reset
    /// ``PoolDriver/endTransaction(of:)``.
    case endTransaction
    case close
    /// What the body of a lease does with its connection: ``FakeConnection/work()``, or a statement.
    case work
}

/// How a ``FakeDriver`` answers one call.
public enum FakeOutcome: Sendable {
    case succeed
    /// A close cannot fail: there, this is ``succeed``.
    case fail(any Error)
    /// Waits at a gate until the test ends the call, and ends with `CancellationError` when its task is cancelled.
    case hang
    /// Waits at a gate until the test ends the call, as a blocking call of a C library does: deaf to cancellation.
    case hangUncancellably
    /// Lets other tasks run so many times first.
    indirect case yield(times: Int, then: FakeOutcome)
}

/// An error whose verdict is chosen by the test.
public struct FakeError: Error, Sendable, Hashable, CustomStringConvertible {
    public let message: String
    public let verdict: Verdict
    /// What ``FakeDriver/canRetryTransaction(after:)`` answers.
    public let isRetryable: Bool

    public init(_ message: String, verdict: Verdict = .discard, isRetryable: Bool = false) {
        self.message = message
        self.verdict = verdict
        self.isRetryable = isRetryable
    }

    public var description: String { message }

    /// What a call ends with that a forced close has interrupted.
    public static let interrupted = FakeError("interrupted by a forced close")
    /// What a call on a closed connection ends with.
    public static let connectionClosed = FakeError("the connection is closed")
}
