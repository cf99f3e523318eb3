internal import Logging
internal import PoolIO
@_spi(Driver) internal import PoolSQL
internal import Synchronization

/// The threads of a driver. They end with the last reference, held by the driver and its connections.
final class Runtime: Sendable {
    let helpers = HelperThreads(name: "postgres-help", maximumThreads: 16)
    private let cancels = CancelThreads()
    /// The logger for the server's notices.
    let logger: Logger
    let demotions = DemotionLimit()
    private let loopCount: Int?
    private let startedLoops = Mutex<EventLoopGroup?>(nil)

    /// - Parameter loopCount: The number of event loops; nil for the default.
    init(_ logger: Logger, loopCount: Int?) {
        self.logger = logger
        self.loopCount = loopCount
    }

    deinit {
        startedLoops.withLock { $0?.shutDown() }
    }

    /// The threads for cancel requests to the server at an address.
    func cancelThreads(for address: String) -> HelperThreads { cancels.threads(for: address) }

    /// The event loops, which start with the first connect.
    func loops() throws -> EventLoopGroup {
        try startedLoops.withLock { loops in
            if let loops { return loops }
            let started = try EventLoopGroup(
                name: "postgres-loop", loopCount: loopCount ?? EventLoopGroup.defaultLoopCount)
            loops = started
            return started
        }
    }
}
