/// How one acquire differs from the pool's configuration.
public struct AcquireOptions: Sendable, Hashable {
    /// Which waiters are served first; within a priority, the one that came first.
    public enum Priority: Int, Sendable, Hashable, CaseIterable { case high, normal, low }

    /// The default is ``Access/readWrite``. Drivers with lanes for reading send ``Access/readOnly`` there.
    public var access: Access
    /// The default is ``Priority/normal``.
    public var priority: Priority
    /// How long the acquire may take in all; nil is the pool's ``PoolConfiguration/acquireTimeout``. `.zero` takes an idle
    /// connection that needs no validation, or fails.
    public var timeout: Duration?
    /// When the acquire must have ended, for a caller that has a deadline of its own; nil is none. The earlier of it and
    /// ``timeout`` counts.
    public var deadline: ContinuousClock.Instant?
    /// A name for what the lease is for, shown by ``Pool/holders()`` and in errors.
    public var label: String?

    public init(
        access: Access = .readWrite, priority: Priority = .normal, timeout: Duration? = nil,
        deadline: ContinuousClock.Instant? = nil, label: String? = nil
    ) {
        self.access = access
        self.priority = priority
        self.timeout = timeout
        self.deadline = deadline
        self.label = label
    }

    /// A lease that only reads.
    public static let readOnly = AcquireOptions(access: .readOnly)
}
