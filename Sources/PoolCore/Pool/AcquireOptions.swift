/// How one acquire differs from the pool's configuration.
public struct AcquireOptions: Sendable, Hashable {
    /// Which waiters are served first; within a priority, the one that came first.
    public enum Priority: Int, Sendable, Hashable, CaseIterable { case high, normal, low }

    /// The default is ``Access/readWrite``. Drivers with lanes for reading send ``Access/readOnly`` there.
    public var access: Access
    /// The default is ``Priority/normal``.
    public var priority: Priority
    /// What few acquires ask for, behind one reference: a plain acquire copies no more than that.
    @usableFromInline var box: Box?

    /// All defaults.
    @inlinable
    public init() {
        access = .readWrite
        priority = .normal
        box = nil
    }

    public init(
        access: Access = .readWrite, priority: Priority = .normal, timeout: Duration? = nil,
        deadline: ContinuousClock.Instant? = nil, label: String? = nil, identity: Identity? = nil, shard: String? = nil,
        tag: SessionTag? = nil, tagMatch: TagMatch = .exact
    ) {
        self.access = access
        self.priority = priority
        details = Details(
            timeout: timeout, deadline: deadline, label: label, identity: identity, shard: shard, tag: tag,
            tagMatch: tagMatch)
    }

    /// A lease that only reads.
    public static let readOnly = AcquireOptions(access: .readOnly)
}

extension AcquireOptions {
    struct Details: Sendable, Hashable {
        var timeout: Duration?
        var deadline: ContinuousClock.Instant?
        var label: String?
        var identity: Identity?
        var shard: String?
        var tag: SessionTag?
        var tagMatch = TagMatch.exact

        var fault: PoolConfigurationError? {
            guard let timeout else { return nil }
            do {
                try PoolConfigurationError.check(
                    "AcquireOptions.timeout", timeout, allowsZero: true, advice: "; nil is the pool's acquireTimeout")
                return nil
            } catch {
                return error
            }
        }
    }

    @usableFromInline
    final class Box: Sendable, Hashable {
        let details: Details
        let isPlain: Bool
        /// The first value that breaks its rule.
        let fault: PoolConfigurationError?

        init(_ details: Details) {
            self.details = details
            fault = details.fault
            isPlain =
                details.label == nil && details.identity == nil && details.shard == nil && details.tag == nil
                && fault == nil
        }

        @usableFromInline
        static func == (left: Box, right: Box) -> Bool { left.details == right.details }

        @usableFromInline
        func hash(into hasher: inout Hasher) { hasher.combine(details) }
    }

    private var details: Details {
        get { box?.details ?? Details() }
        set { box = newValue == Details() ? nil : Box(newValue) }
    }

    /// True if any connection for ``access`` will do, and nobody wants to know more of the lease.
    var isPlain: Bool { box?.isPlain ?? true }

    /// How long the acquire may take in all; nil is the pool's ``PoolConfiguration/acquireTimeout``. `.zero` takes an
    /// idle connection that needs no validation, or fails. An acquire throws ``PoolConfigurationError`` for one that is
    /// negative or longer than ``PoolConfiguration/longestDuration``.
    public var timeout: Duration? {
        get { box?.details.timeout }
        set { details.timeout = newValue }
    }

    /// When the acquire must have ended, for a caller that has a deadline of its own; nil is none. The earlier of it
    /// and ``timeout`` counts. One that has passed is as a ``timeout`` of zero.
    public var deadline: ContinuousClock.Instant? {
        get { box?.details.deadline }
        set { details.deadline = newValue }
    }

    /// A name for what the lease is for, shown by ``Pool/holders()`` and in errors.
    public var label: String? {
        get { box?.details.label }
        set { details.label = newValue }
    }

    /// Whom the lease works for; nil is the pool's own user. The connections of one identity are never given to
    /// another; all identities share the pool's maximum, and an idle connection of one is closed for a waiter of
    /// another.
    ///
    /// Fails with ``PoolError/Code/identityRefused`` where the driver has no users.
    public var identity: Identity? {
        get { box?.details.identity }
        set { details.identity = newValue }
    }

    /// The shard whose connections are wanted: a ``LaneConfiguration/shard`` of the driver's. Nil is the first lane
    /// that serves ``access``. Fails with ``PoolError/Code/noLane`` if the driver knows no such shard.
    public var shard: String? {
        get { box?.details.shard }
        set { details.shard = newValue }
    }

    /// What the session should be set up for. Nil, the default, is a session as new.
    ///
    /// An idle connection with just this tag is preferred. Where there is none, ``tagMatch`` says what may come
    /// instead; then ``PoolHooks/session`` runs, and ``Lease/tag`` tells the body what it got.
    public var tag: SessionTag? {
        get { box?.details.tag }
        set { details.tag = newValue }
    }

    /// The default is ``TagMatch/exact``. Without ``tag`` it means nothing.
    public var tagMatch: TagMatch {
        get { box?.details.tagMatch ?? .exact }
        set { details.tagMatch = newValue }
    }

    /// Nearly every acquire has nothing to check.
    func check() throws(PoolConfigurationError) {
        if let fault = box?.fault { throw fault }
    }

    var tagRequest: TagRequest? {
        guard let details = box?.details, let tag = details.tag, !tag.isEmpty else { return nil }
        return TagRequest(tag: tag, match: details.tagMatch)
    }
}
