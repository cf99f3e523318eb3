internal import Synchronization

/// How many prepared statements a connection keeps: as the driver is configured, until the pool says otherwise. For
/// drivers that keep some; their cache looks at it with each statement.
@_spi(Driver)
public final class StatementCacheCapacity: Sendable {
    private let configured: Int
    private let current: Atomic<Int>

    public init(_ configured: Int) {
        self.configured = configured
        current = Atomic(configured)
    }

    public var value: Int { current.load(ordering: .relaxed) }

    /// Nil for what is configured.
    public func set(_ capacity: Int?) {
        current.store(max(0, capacity ?? configured), ordering: .relaxed)
    }
}

/// What a reset does with temporary tables.
public enum TemporaryTables: Sendable, Hashable {
    /// They are dropped, with every other temporary object.
    case dropped
    /// The next lease of the connection finds them.
    case kept
}
