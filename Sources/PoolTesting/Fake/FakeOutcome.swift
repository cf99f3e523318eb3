public import PoolCore

/// A kind of call to a ``FakeDriver`` by a pool, or by the body of a lease.
@nonexhaustive
public enum FakeStep: String, Sendable, Hashable, CaseIterable {
    /// A call of ``PoolDriver/connect(_:)``.
    case connect
    /// A call of ``DriverConnection/validate()``.
    case validate
    /// A call of ``DriverConnection/reset()``.
    case reset
    /// A call of ``DriverConnection/endUnfinishedWork()``.
    case endUnfinishedWork
    /// A call of ``DriverConnection/close(_:)``.
    case close
    /// The use of a connection in the body of a lease: ``FakeConnection/work(_:)``, or a statement.
    case work
}

/// The answer of a ``FakeDriver`` to one call.
@nonexhaustive
public enum FakeOutcome: Sendable {
    /// The call succeeds.
    case succeed
    /// The call throws the error, except a close, which cannot fail: there it is ``succeed``.
    case fail(any Error)
    /// The call waits at a gate until the test ends it, and throws `CancellationError` when its task is cancelled.
    case hang
    /// The call waits at a gate until the test ends it, and ignores cancellation, like a blocking call of a C
    /// library.
    case hangUncancellably
    /// The call first yields to other tasks this many times.
    indirect case yield(times: Int, then: FakeOutcome)
}

/// An error whose verdict is chosen by the test.
public struct FakeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The description of the error.
    public let message: String
    /// The meaning of the error for the pool.
    public let verdict: PoolVerdict
    /// The result of ``FakeDriver/canRetryTransaction(after:)``.
    public let isRetryable: Bool

    /// Makes an error. By default it breaks the connection, and its transaction is not retried.
    public init(_ message: String, verdict: PoolVerdict = .discard, isRetryable: Bool = false) {
        self.message = message
        self.verdict = verdict
        self.isRetryable = isRetryable
    }

    public var description: String { message }

    /// The error of a call that a forced close has interrupted.
    public static let interrupted = FakeError("interrupted by a forced close")
    /// The error of a call on a closed connection.
    public static let connectionClosed = FakeError("the connection is closed")
}
