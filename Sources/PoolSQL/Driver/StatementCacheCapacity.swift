internal import Synchronization

/// The number of prepared statements that a connection keeps: the driver's configured number, until the pool sets
/// another. Drivers with a statement cache read it with each statement.
@_spi(Driver)
public final class StatementCacheCapacity: Sendable {
    private let configured: Int
    private let current: Atomic<Int>

    /// Starts with the number of the driver's own configuration.
    public init(_ configured: Int) {
        self.configured = configured
        current = Atomic(configured)
    }

    /// The number in force now; readable from any thread.
    public var value: Int { current.load(ordering: .relaxed) }

    /// Sets another number; nil goes back to the configured one. A negative number counts as 0.
    public func set(_ capacity: Int?) {
        current.store(max(0, capacity ?? configured), ordering: .relaxed)
    }
}
