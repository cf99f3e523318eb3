/// Called synchronously for every event and operation, on the thread that caused it. Every function has a default that
/// does nothing.
///
/// Return quickly, and do not call the pool. A pool without an observer measures nothing for one.
public protocol PoolObserver: Sendable {
    /// Something happened in the pool named `pool`.
    func happened(_ event: PoolEvent, in pool: String)
    /// An operation began.
    func began(_ operation: PoolOperation, in pool: String)
    /// An operation ended after `duration`. `error` is nil if it succeeded.
    func ended(_ operation: PoolOperation, in pool: String, after duration: Duration, error: (any Error)?)
}

extension PoolObserver {
    /// The default does nothing.
    public func happened(_ event: PoolEvent, in pool: String) {}
    /// The default does nothing.
    public func began(_ operation: PoolOperation, in pool: String) {}
    /// The default does nothing.
    public func ended(_ operation: PoolOperation, in pool: String, after duration: Duration, error: (any Error)?) {}
}
