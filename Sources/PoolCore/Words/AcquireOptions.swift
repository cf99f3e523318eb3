/// The options of one acquire, by which it differs from the pool's configuration.
public struct AcquireOptions: Sendable, Hashable {
    /// The order in which waiters are served: higher priorities first; within a priority, the waiter that came first.
    public enum Priority: Int, Sendable, Hashable, CaseIterable { case high, normal, low }

    /// The kind of use. The default is ``PoolAccess/readWrite``. Drivers with lanes for reading serve
    /// ``PoolAccess/readOnly`` there.
    public var access: PoolAccess
    /// The waiter's priority. The default is ``Priority/normal``.
    public var priority: Priority
    /// Rare options, boxed so that copying plain options copies one pointer.
    @usableFromInline var box: Box?

    /// Makes options that have all defaults.
    @inlinable
    public init() {
        access = .readWrite
        priority = .normal
        box = nil
    }

    /// Makes options; each argument's default is the one that its property names.
    public init(
        access: PoolAccess = .readWrite, priority: Priority = .normal, timeout: Duration? = nil,
        deadline: ContinuousClock.Instant? = nil, label: String? = nil, identity: PoolIdentity? = nil,
        shard: String? = nil,
        tag: PoolSessionTag? = nil, tagMatch: PoolTagMatch = .exact
    ) {
        self.access = access
        self.priority = priority
        details = Details(
            timeout: timeout, deadline: deadline, label: label, identity: identity, shard: shard, tag: tag,
            tagMatch: tagMatch)
    }

    /// The options of a lease that only reads.
    public static let readOnly = AcquireOptions(access: .readOnly)
}

extension AcquireOptions {
    struct Details: Sendable, Hashable {
        var timeout: Duration?
        var deadline: ContinuousClock.Instant?
        var label: String?
        var identity: PoolIdentity?
        var shard: String?
        var tag: PoolSessionTag?
        var tagMatch = PoolTagMatch.exact

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

    /// True if any connection for ``access`` will do, and the options set no label. The cache serves only such
    /// acquires.
    var isPlain: Bool { box?.isPlain ?? true }

    /// The longest time the acquire may take; nil is the pool's ``PoolConfiguration/acquireTimeout``. `.zero` takes an
    /// idle connection that needs no validation, or fails. An acquire throws ``PoolConfigurationError`` for a value
    /// that is negative or longer than ``PoolConfiguration/longestDuration``.
    public var timeout: Duration? {
        get { box?.details.timeout }
        set { details.timeout = newValue }
    }

    /// The time at which the acquire must have ended, for a caller that has a deadline of its own; nil is none. The
    /// earlier of this deadline and the ``timeout`` counts. A deadline that has passed acts like a ``timeout`` of zero.
    public var deadline: ContinuousClock.Instant? {
        get { box?.details.deadline }
        set { details.deadline = newValue }
    }

    /// A name for the purpose of the lease, shown by ``Pool/holders()`` and in errors.
    public var label: String? {
        get { box?.details.label }
        set { details.label = newValue }
    }

    /// The user or role that the lease acts as; nil is the pool's own user. The connections of one identity are never
    /// given to another; all identities share the pool's maximum, and an idle connection of one is closed for a waiter
    /// of another.
    ///
    /// The acquire fails with ``PoolError/Code/identityRefused`` if the driver does not serve such an identity.
    public var identity: PoolIdentity? {
        get { box?.details.identity }
        set { details.identity = newValue }
    }

    /// The shard whose connections are wanted: a ``PoolLaneConfiguration/shard`` of the driver's. Nil is the first lane
    /// that serves ``access``. The acquire fails with ``PoolError/Code/noLane`` if the driver knows no such shard.
    public var shard: String? {
        get { box?.details.shard }
        set { details.shard = newValue }
    }

    /// The tag that the session should be set up for. Nil, the default, is a session like new.
    ///
    /// An idle connection with exactly this tag is preferred. If there is none, ``tagMatch`` says which others
    /// will do; then ``PoolHooks/session`` runs, and ``Lease/tag`` tells the body which tag it got.
    public var tag: PoolSessionTag? {
        get { box?.details.tag }
        set { details.tag = newValue }
    }

    /// The substitutes that the acquire accepts for the ``tag``. The default is ``PoolTagMatch/exact``. Has no effect
    /// without a tag.
    public var tagMatch: PoolTagMatch {
        get { box?.details.tagMatch ?? .exact }
        set { details.tagMatch = newValue }
    }

    /// Throws for a value that breaks its rule. Nearly every acquire has nothing to check.
    func check() throws(PoolConfigurationError) {
        if let fault = box?.fault { throw fault }
    }

    var tagRequest: TagRequest? {
        guard let details = box?.details, let tag = details.tag, !tag.isEmpty else { return nil }
        return TagRequest(tag: tag, match: details.tagMatch)
    }
}
