/// Why the pool, rather than the database, refused something.
public struct PoolError: Error, Sendable {
    /// What went wrong. New codes may be added: compare with those that matter, and have a default.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }

        /// The deadline passed before a connection was ready.
        public static let acquireTimedOut = Code(rawValue: "acquireTimedOut")
        /// ``PoolConfiguration/maximumWaiters`` acquires wait for a release already.
        public static let tooManyWaiters = Code(rawValue: "tooManyWaiters")
        /// Every holder of a lease waits for this pool: this acquire could never succeed. A task that waits for a child
        /// task of its own is not known to wait.
        public static let wouldDeadlock = Code(rawValue: "wouldDeadlock")
        /// No connect can succeed until a person changes something; ``PoolError/lastConnectError`` says what.
        public static let connectRefused = Code(rawValue: "connectRefused")
        /// A hook of the application's has thrown, which waiting does not mend. Only ``PoolEvent/acquireFailed(_:)``
        /// tells this, with the hook's error in ``PoolError/lastConnectError``: the acquire itself throws what the hook
        /// has thrown.
        public static let hookFailed = Code(rawValue: "hookFailed")
        /// The pool is closed, or began to close while the acquire waited.
        public static let closed = Code(rawValue: "closed")
        /// The pool is closing: it takes nothing new.
        public static let draining = Code(rawValue: "draining")
        /// The pool is being reconfigured: it can be neither closed by ``Pool/close()`` nor reconfigured until that has
        /// ended.
        public static let reconfiguring = Code(rawValue: "reconfiguring")
        /// ``Pool/close()`` found leases that are still held.
        public static let leasesHeld = Code(rawValue: "leasesHeld")
        /// The driver has no users, or roles, as ``AcquireOptions/identity`` asks for.
        public static let identityRefused = Code(rawValue: "identityRefused")
        /// The credentials have expired, and there is nobody to give others: see ``Pool/setCredentials(_:)``.
        public static let credentialsExpired = Code(rawValue: "credentialsExpired")
        /// A statement of ``Pool/query(_:_:fileID:line:)`` or `execute` has opened a transaction; it was rolled back.
        public static let transactionLeftOpen = Code(rawValue: "transactionLeftOpen")
        /// No lane of the driver serves the access and the shard that were asked for.
        public static let noLane = Code(rawValue: "noLane")
        /// A connect passed its deadline.
        public static let connectTimedOut = Code(rawValue: "connectTimedOut")
        /// A validation, with its hook, passed its deadline.
        public static let validationTimedOut = Code(rawValue: "validationTimedOut")
        /// A reset, with its hook, passed its deadline. No acquire fails with it: events and the log tell it.
        public static let resetTimedOut = Code(rawValue: "resetTimedOut")
    }

    /// What an operation was waiting for.
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        /// A lease of somebody else to end.
        case queue
        case connect
        /// A validation, and the acquire hook after it.
        case validate
        /// A reset, and the release hook before it.
        case reset
        /// The session hook.
        case session
    }

    public let code: Code
    /// ``PoolConfiguration/name``.
    public let pool: String
    /// Where the acquire stands that failed, as ``LeaseHolder/fileID``; nil where the error is not one of an acquire.
    public let fileID: String?
    /// The line there.
    public let line: UInt?
    /// What it was waiting for when it failed; what it would have waited for, where it failed at once.
    public let phase: Phase
    /// How long it took in all.
    public let elapsed: Duration
    /// How long it waited for each; what is missing took no time.
    public let elapsedByPhase: [Phase: Duration]
    /// The pool's connections and waiters at that moment.
    public let counts: PoolCounts
    /// Why the lane has no connection: the error of its last connect, or of a validation since. Nil once a connect
    /// succeeds.
    public let lastConnectError: (any Error)?
    /// How long ago the lane's last connect began, where that has failed or is not answered; nil otherwise. See
    /// ``PoolConfiguration/maximumBackoff``.
    public internal(set) var sinceLastConnect: Duration?
    /// Who has held a lease for longest, the longest first, at most five.
    public let longestHolders: [LeaseHolder]
    /// One sentence: what to do about it.
    public let remedy: String
}

/// How many connections a pool has, by what they are doing, and how many acquires wait.
public struct PoolCounts: Sendable, Hashable, CustomStringConvertible {
    public var idle = 0
    public var leased = 0
    public var opening = 0
    public var validating = 0
    public var resetting = 0
    public var closing = 0
    public var waiting = 0
    /// The most that there may be.
    public var maximum = 0

    /// All connections, those that are being opened or closed included.
    public var total: Int { idle + leased + opening + validating + resetting + closing }

    public var description: String {
        "\(leased) leased, \(idle) idle, \(opening) opening, \(validating) validating, \(resetting) resetting, "
            + "\(closing) closing of \(maximum); \(waiting) waiting"
    }
}

/// Who holds a lease, and for how long.
public struct LeaseHolder: Sendable, Hashable, CustomStringConvertible {
    public let connection: ConnectionID
    public let lane: String
    /// ``AcquireOptions/label``.
    public let label: String?
    /// Where the acquire stands: `#fileID` and `#line`.
    public let fileID: String
    public let line: UInt
    /// How long it has been held, known to a tenth of a second.
    public let held: Duration

    public var description: String {
        "\(label.map { "\"\($0)\" at " } ?? "")\(fileID):\(line) holds \(connection) of lane \(lane) for \(held.text)"
    }
}

extension PoolError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        var text = "pool \"\(pool)\": \(summary); \(counts)"
        if let sinceLastConnect { text += "; the last connect began \(sinceLastConnect.text) ago" }
        if let lastConnectError {
            // An error of this pool within it would tell the pool's state twice.
            let cause = (lastConnectError as? PoolError).map(\.summary) ?? String(describing: lastConnectError)
            text += "; last connect error: \(cause)"
        }
        if !longestHolders.isEmpty {
            text += "; longest holders: " + longestHolders.map(\.description).joined(separator: ", ")
        }
        let isSentence = text.last.map { ".?!".contains($0) } ?? false
        return text + (isSentence ? " " : ". ") + remedy
    }

    /// What failed, after how long, and where.
    private var summary: String {
        var text = code.rawValue
        if elapsed > .zero { text += " after \(elapsed.text) (\(phase.rawValue))" }
        if let fileID, let line { text += " at \(fileID):\(line)" }
        return text
    }

    public var debugDescription: String { description }
}
