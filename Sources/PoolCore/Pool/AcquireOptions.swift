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
    /// A name for what the lease is for, shown by ``Pool/holders()`` and in errors.
    public var label: String?
    /// What few acquires ask for, behind one reference: a plain acquire copies no more than that.
    @usableFromInline var special: Special?

    public init(
        access: Access = .readWrite, priority: Priority = .normal, timeout: Duration? = nil,
        deadline: ContinuousClock.Instant? = nil, label: String? = nil, identity: Identity? = nil, shard: String? = nil,
        tag: SessionTag? = nil, tagMatch: TagMatch = .exact
    ) {
        self.access = access
        self.priority = priority
        self.timeout = timeout
        self.label = label
        special = .make(deadline: deadline, identity: identity, shard: shard, tag: tag, match: tagMatch)
    }

    /// All defaults.
    @inlinable
    public init() {
        access = .readWrite
        priority = .normal
        timeout = nil
        label = nil
        special = nil
    }

    /// A lease that only reads.
    public static let readOnly = AcquireOptions(access: .readOnly)

    /// True if any connection for ``access`` will do, and nobody wants to know more of the lease.
    var isPlain: Bool { label == nil && (special?.isPlain ?? true) }
}

extension AcquireOptions {
    @usableFromInline
    final class Special: Sendable, Hashable {
        let deadline: ContinuousClock.Instant?
        let identity: Identity?
        let shard: String?
        let tag: SessionTag?
        let match: TagMatch

        static func make(
            deadline: ContinuousClock.Instant?, identity: Identity?, shard: String?, tag: SessionTag?, match: TagMatch
        ) -> Special? {
            if deadline == nil, identity == nil, shard == nil, tag == nil, match == .exact { return nil }
            return Special(deadline: deadline, identity: identity, shard: shard, tag: tag, match: match)
        }

        /// True if it says nothing of the connection.
        var isPlain: Bool { identity == nil && shard == nil && tag == nil }

        private init(
            deadline: ContinuousClock.Instant?, identity: Identity?, shard: String?, tag: SessionTag?, match: TagMatch
        ) {
            self.deadline = deadline
            self.identity = identity
            self.shard = shard
            self.tag = tag
            self.match = match
        }

        @usableFromInline
        static func == (left: Special, right: Special) -> Bool {
            left.deadline == right.deadline && left.identity == right.identity && left.shard == right.shard && left.tag == right.tag
                && left.match == right.match
        }

        @usableFromInline
        func hash(into hasher: inout Hasher) {
            hasher.combine(deadline)
            hasher.combine(identity)
            hasher.combine(shard)
            hasher.combine(tag)
            hasher.combine(match)
        }
    }

    /// When the acquire must have ended, for a caller that has a deadline of its own; nil is none. The earlier of it and
    /// ``timeout`` counts.
    public var deadline: ContinuousClock.Instant? {
        get { special?.deadline }
        set { special = .make(deadline: newValue, identity: identity, shard: shard, tag: tag, match: tagMatch) }
    }

    /// Whom the lease works for; nil is the pool's own user. The connections of one identity are never given to another; all
    /// identities share the pool's maximum, and an idle connection of one is closed for a waiter of another.
    ///
    /// Fails with ``PoolError/Code/identityRefused`` where the driver has no users.
    public var identity: Identity? {
        get { special?.identity }
        set { special = .make(deadline: deadline, identity: newValue, shard: shard, tag: tag, match: tagMatch) }
    }

    /// The shard whose connections are wanted: a ``LaneConfiguration/shard`` of the driver's. Nil is the first lane that serves
    /// ``access``. Fails with ``PoolError/Code/noLane`` if the driver knows no such shard.
    public var shard: String? {
        get { special?.shard }
        set { special = .make(deadline: deadline, identity: identity, shard: newValue, tag: tag, match: tagMatch) }
    }

    /// What the session should be set up for. Nil, the default, is a session as new.
    ///
    /// An idle connection with just this tag is preferred. Where there is none, ``tagMatch`` says what may come instead; then
    /// ``PoolHooks/session`` runs, and ``Lease/tag`` tells the body what it got.
    public var tag: SessionTag? {
        get { special?.tag }
        set { special = .make(deadline: deadline, identity: identity, shard: shard, tag: newValue, match: tagMatch) }
    }

    /// The default is ``TagMatch/exact``. Without ``tag`` it means nothing.
    public var tagMatch: TagMatch {
        get { special?.match ?? .exact }
        set { special = .make(deadline: deadline, identity: identity, shard: shard, tag: tag, match: newValue) }
    }

    var tagRequest: TagRequest? {
        guard let special, let tag = special.tag, !tag.isEmpty else { return nil }
        return TagRequest(tag: tag, match: special.match)
    }
}
