/// An error of the pool, rather than of the database: the reason why the pool refused something.
public struct PoolError: Error, Sendable {
    /// The kind of failure. New codes may be added: compare with those that matter, and have a default.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String
        /// The code as a text, as logs and reports show it.
        public var description: String { name }

        /// The deadline passed before a connection was ready.
        public static let acquireTimedOut = Code(name: "acquireTimedOut")
        /// The queue is full: ``PoolConfiguration/maximumWaiters`` acquires already wait for a release.
        public static let tooManyWaiters = Code(name: "tooManyWaiters")
        /// Every holder of a lease waits for this pool: this acquire could never succeed. A task that waits for a child
        /// task of its own is not known to wait.
        public static let wouldDeadlock = Code(name: "wouldDeadlock")
        /// No connect can succeed until a person changes something; ``PoolError/lastConnectError`` says what.
        public static let connectRefused = Code(name: "connectRefused")
        /// A hook of the application has thrown an error that waiting does not mend. Only
        /// ``PoolEvent/acquireFailed(_:)`` reports this code, with the hook's error in ``PoolError/lastConnectError``:
        /// the acquire itself throws the hook's error.
        public static let hookFailed = Code(name: "hookFailed")
        /// The pool is closed, or began to close while the acquire waited.
        public static let closed = Code(name: "closed")
        /// The pool is closing, and refuses new acquires.
        public static let draining = Code(name: "draining")
        /// The pool is being reconfigured: until that has ended it can be neither closed by ``Pool/close()`` nor
        /// reconfigured.
        public static let reconfiguring = Code(name: "reconfiguring")
        /// ``Pool/close()`` found leases that are still held.
        public static let leasesHeld = Code(name: "leasesHeld")
        /// The driver does not serve the user, or the role, in ``AcquireOptions/identity``.
        public static let identityRefused = Code(name: "identityRefused")
        /// The credentials have expired, and the pool has no provider for new ones: see ``Pool/setCredentials(_:)``.
        public static let credentialsExpired = Code(name: "credentialsExpired")
        /// A statement of ``Pool/query(_:_:fileID:line:)`` or `execute` has opened a transaction; it was rolled back.
        public static let transactionLeftOpen = Code(name: "transactionLeftOpen")
        /// No lane of the driver serves the access and the shard that were asked for.
        public static let noLane = Code(name: "noLane")
        /// A connect passed its deadline.
        public static let connectTimedOut = Code(name: "connectTimedOut")
        /// A validation, with its hook, passed its deadline.
        public static let validationTimedOut = Code(name: "validationTimedOut")
        /// A reset, with its hook, passed its deadline. No acquire fails with it: events and the log report it.
        public static let resetTimedOut = Code(name: "resetTimedOut")
    }

    /// The part of an acquire in which its time was spent.
    @nonexhaustive
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        /// Waiting for another lease to end.
        case queue
        /// A connect, and the connect hook after it.
        case connect
        /// A validation, and the acquire hook after it.
        case validate
        /// A reset, and the release hook before it.
        case reset
        /// The session hook.
        case session
    }

    /// The kind of failure.
    public let code: Code
    /// The pool's name: ``PoolConfiguration/name``.
    public let pool: String
    /// The source file of the acquire that failed, like ``LeaseHolder/fileID``; nil if the error is not one of an
    /// acquire.
    public let fileID: String?
    /// The line of the acquire in that file.
    public let line: UInt?
    /// The phase in which the operation failed; for one that failed immediately, the phase it would have waited in.
    public let phase: Phase
    /// The time that the operation took in all.
    public let elapsed: Duration
    /// Time per phase; phases that took none are absent.
    public let elapsedByPhase: [Phase: Duration]
    /// The pool's connections and waiters at that moment.
    public let counts: PoolCounts
    /// The error of the lane's last connect, or of a validation since: the reason why the lane has no connection. Nil
    /// once a connect succeeds.
    public let lastConnectError: (any Error)?
    /// The time since the lane's last connect began, if that has failed or is not answered; nil otherwise. See
    /// ``PoolConfiguration/maximumBackoff``.
    public internal(set) var sinceLastConnect: Duration?
    /// The current holders of leases, the longest first, at most five.
    public let longestHolders: [LeaseHolder]
    /// The advice for the reader, in one sentence.
    public let remedy: String
}

extension PoolError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        var text = "pool \"\(pool)\": \(summary); \(counts)"
        if let sinceLastConnect { text += "; the last connect began \(sinceLastConnect.text) ago" }
        if let lastConnectError {
            // A PoolError nested here would print the pool's state twice.
            let cause = (lastConnectError as? PoolError).map(\.summary) ?? String(describing: lastConnectError)
            text += "; last connect error: \(cause)"
        }
        if !longestHolders.isEmpty {
            text += "; longest holders: " + longestHolders.map(\.description).joined(separator: ", ")
        }
        let isSentence = text.last.map { ".?!".contains($0) } ?? false
        return text + (isSentence ? " " : ". ") + remedy
    }

    /// The failure, its duration and its place in the source.
    private var summary: String {
        var text = code.description
        if elapsed > .zero { text += " after \(elapsed.text) (\(phase.rawValue))" }
        if let fileID, let line { text += " at \(fileID):\(line)" }
        return text
    }

    public var debugDescription: String { description }
}
