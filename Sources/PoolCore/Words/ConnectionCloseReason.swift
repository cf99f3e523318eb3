/// The reason why a connection was closed.
@nonexhaustive
public enum ConnectionCloseReason: String, Sendable, Hashable, CaseIterable {
    /// The connection was unused for longer than the idle timeout.
    case idleTimeout
    /// The connection was older than the maximum lifetime.
    case lifetime
    /// The connection has served as many leases as ``PoolConfiguration/maximumUses`` allows.
    case usedUp
    /// A new connection has taken its place, or is about to: ``Pool/rotate(over:)``.
    case rotated
    /// The pool, or the connection's lane, had more than a maximum that was lowered.
    case shrunk
    /// The driver reported the connection broken.
    case broken
    /// The holder discarded the connection: ``Lease/discard(reason:)``.
    case discarded
    /// A validation failed or took too long.
    case validationFailed
    /// A reset failed or took too long.
    case resetFailed
    /// The pool was cleared, or the server restarted, after the connection was opened.
    case cleared
    /// A waiter of another lane, or of another pool that shares the ``PoolBudget``, needed the room.
    case makingRoom
    /// The session hook failed or took too long.
    case sessionFailed
    /// The pool is closing.
    case poolClosed
}
