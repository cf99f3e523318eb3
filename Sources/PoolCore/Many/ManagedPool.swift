/// A pool of any driver, for what is the same in all: reports, health checks, closing.
public protocol ManagedPool: AnyObject, Sendable {
    /// ``PoolConfiguration/name``.
    var name: String { get }
    /// What the pool's driver says of itself.
    var information: DriverInformation { get }
    /// See ``Pool/statistics``.
    var statistics: PoolStatistics { get }

    /// See ``Pool/status``.
    var status: PoolStatus { get }

    /// See ``Pool/clear(interrupt:)``.
    @discardableResult
    func clear(interrupt: Bool) -> Int
    /// See ``Pool/close()``.
    func close() async throws
    /// See ``Pool/close(drain:)``.
    func close(drain: Duration) async throws
    /// See ``Pool/whenClosed(_:)``.
    func whenClosed(_ action: @escaping @Sendable () -> Void)
}

extension Pool: ManagedPool {
    public var name: String { shell.name }

    public var information: DriverInformation { shell.information }

    /// Calls `action` once the pool is closed, before anybody who waits for that goes on; at once if it is closed
    /// already.
    ///
    /// It is called on any thread: return quickly.
    public func whenClosed(_ action: @escaping @Sendable () -> Void) {
        shell.whenClosed(action)
    }
}
