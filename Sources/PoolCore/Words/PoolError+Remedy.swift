extension PoolError.Code {
    /// The advice for this code, in one sentence.
    ///
    /// - Parameters:
    ///   - isOfAcquire: false for what fails without an acquire, such as a second close.
    ///   - hasConnectError: whether the error names what kept a connect from succeeding.
    func remedy(phase: PoolError.Phase, isOfAcquire: Bool, hasConnectError: Bool) -> String {
        switch self {
        case .acquireTimedOut: Self.timeoutRemedy(phase, hasConnectError: hasConnectError)
        case .tooManyWaiters: "Acquire less at once, or raise maximumWaiters; nil removes the limit."
        case .wouldDeadlock: "Use the lease that the task holds already, or end it before acquiring another."
        case .hookFailed: "Correct the hook, or have it throw PoolTryAgain where another connection may do."
        case .connectRefused: "Correct what the last connect error names; waiting does not mend it."
        case .closed where !isOfAcquire: "Make a new pool if there is more to do: a closed one stays closed."
        case .closed: "Acquire before the pool is closed, or make a new pool."
        case .draining where !isOfAcquire: "Wait for the close that is under way: close(drain:) joins it."
        case .draining: "Acquire before the pool is closed, or make a new pool; its last connections are being closed."
        case .reconfiguring: "Wait until the reconfiguration that is under way has ended."
        case .leasesHeld: "End the leases, or call close(drain:)."
        case .noLane: "Ask for an access and a shard that the driver's lanes serve."
        case .identityRefused: "Acquire without an identity: this driver's database has no such thing."
        case .credentialsExpired:
            "Call setCredentials, or give the pool a provider of credentials that are still valid."
        case .transactionLeftOpen: "Use withTransaction, or begin and end the transaction within one withConnection."
        case .connectTimedOut: "Check that the server is reachable, or raise connectTimeout."
        case .validationTimedOut: "Check that the server answers, or raise validationTimeout."
        case .resetTimedOut: "Check that the server answers, or raise resetTimeout."
        default: ""
        }
    }

    /// The advice for a timeout, by the last phase of the wait.
    private static func timeoutRemedy(_ phase: PoolError.Phase, hasConnectError: Bool) -> String {
        switch phase {
        case .queue: "Hold leases for less time, or raise maximumConnections if the server has room."
        case .connect where hasConnectError: "Mend what the last connect error names."
        case .connect: "Check that the server can be reached and answers, or raise acquireTimeout."
        case .validate: "Check that the server answers: what was idle for long is tried before it is granted."
        case .reset: "Look at what leases leave behind, which a reset has to undo, or raise acquireTimeout."
        case .session: "Make the session hook faster, or raise acquireTimeout."
        }
    }
}
