/// A pool of any driver, with the functions that do not depend on the driver: reports, health checks, closing.
public protocol PoolOfAnyDriver: AnyObject, Sendable {
    /// The pool's name: ``PoolConfiguration/name``.
    var name: String { get }
    /// The description that the pool's driver gives of itself.
    var information: DriverInformation { get }
    /// The pool's counters and settings. See ``Pool/statistics``.
    var statistics: PoolStatistics { get }

    /// The state the pool is in. See ``Pool/status``.
    var status: PoolStatus { get }

    /// Makes every open connection unusable. See ``Pool/clear(interrupt:)``.
    @discardableResult
    func clear(interrupt: Bool) -> Int
    /// Closes the pool if no lease is held. See ``Pool/close()``.
    func close() async throws
    /// Closes the pool, with time for the leases to end. See ``Pool/close(drain:)``.
    func close(drain: Duration) async throws
    /// Registers an action for the end of the pool. See ``Pool/whenClosed(_:)``.
    func whenClosed(_ action: @escaping @Sendable () -> Void)
}

extension Pool: PoolOfAnyDriver {
    /// The pool's name: ``PoolConfiguration/name``.
    public var name: String { shell.name }

    /// The driver's description of itself, with the user that new connections log in as now.
    public var information: DriverInformation { shell.information }

    /// Calls `action` once the pool is closed, before any caller that waits for that resumes; immediately if the pool
    /// is already closed.
    ///
    /// The call comes on any thread: return quickly.
    public func whenClosed(_ action: @escaping @Sendable () -> Void) {
        shell.whenClosed(action)
    }
}
