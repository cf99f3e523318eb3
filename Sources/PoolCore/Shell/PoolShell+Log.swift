internal import Logging

/// The log messages of events. The documentation of
/// ``Pool/init(driver:configuration:hooks:credentials:observer:logger:budget:environment:)`` tells applications which
/// level logs which.
extension PoolShell {
    func log(_ event: PoolEvent) {
        switch event {
        case .waiting, .acquired, .released: trace(event)
        case .created(let configuration):
            logger.debug("made the pool", metadata: ["maximumConnections": "\(configuration.maximumConnections)"])
        case .connectionOpened(let id, let lane, let duration):
            logger.debug(
                "opened a connection", metadata: ["id": "\(id)", "lane": "\(lane)", "after": "\(duration.text)"])
        case .connectFailed(let lane, let attempt, let error, let verdict, let pause):
            var metadata: Logger.Metadata = [
                "lane": "\(lane)", "attempt": "\(attempt)", "error": "\(error)", "retryAfter": "\(pause.text)",
            ]
            if let verdict { metadata["verdict"] = "\(verdict)" }
            logger.warning("could not connect", metadata: metadata)
        case .connectionClosed(let id, let lane, let reason, let error):
            logger.log(
                level: reason.isTrouble ? .info : .debug, "closed a connection",
                metadata: metadata(id, lane, error) + ["reason": "\(reason)"])
        case .idleConnectionLost(let id, let lane, let error):
            logger.warning("lost an idle connection", metadata: metadata(id, lane, error))
        case .acquireFailed(let error):
            logger.debug("an acquire failed", metadata: ["error": "\(error)"])
        case .leaseOverdue(let holder):
            logger.warning("a lease is held for long", metadata: ["holder": "\(holder)"])
        case .cleared(let connections):
            logger.info("cleared", metadata: ["connections": "\(connections)"])
        case .draining: logger.debug("draining")
        case .closed: logger.debug("closed")
        case .missed: break
        }
    }

    private func trace(_ event: PoolEvent) {
        switch event {
        case .waiting(let lane): logger.trace("an acquire waits", metadata: ["lane": "\(lane)"])
        case .acquired(let id, let lane, let waited, let isNew, let isHit):
            logger.trace(
                "acquired",
                metadata: [
                    "id": "\(id)", "lane": "\(lane)", "waited": "\(waited.text)", "isNew": "\(isNew)",
                    "isHit": "\(isHit)",
                ])
        case .released(let id, let lane, let used, let error):
            logger.trace("released", metadata: metadata(id, lane, error) + ["used": "\(used.text)"])
        default: break
        }
    }

    private func metadata(_ id: ConnectionID, _ lane: String, _ error: (any Error)?) -> Logger.Metadata {
        let metadata: Logger.Metadata = ["id": "\(id)", "lane": "\(lane)"]
        return error.map { metadata + ["error": "\($0)"] } ?? metadata
    }
}

extension Logger.Metadata {
    fileprivate static func + (left: Self, right: Self) -> Self {
        left.merging(right) { _, new in new }
    }
}

extension ConnectionCloseReason {
    /// True if a fault of the connection was the reason.
    fileprivate var isTrouble: Bool {
        switch self {
        case .broken, .discarded, .validationFailed, .resetFailed, .sessionFailed: true
        case .idleTimeout, .lifetime, .usedUp, .rotated, .shrunk, .cleared, .makingRoom, .poolClosed: false
        }
    }
}
