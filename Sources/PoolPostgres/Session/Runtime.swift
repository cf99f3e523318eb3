internal import Logging
internal import PoolIO
internal import Synchronization

/// The threads of a driver. They end with the last reference, that of the driver and of its connections.
final class Runtime: Sendable {
    let helpers = HelperThreads(name: "postgres-help", maximumThreads: 16)
    /// Of their own: a request to a server that does not answer takes its thread for as long, and connects to another must not
    /// wait for that.
    let cancels = HelperThreads(name: "postgres-cancel", maximumThreads: 16)
    let notices: NoticeSink
    private let startedLoop = Mutex<EventLoop?>(nil)

    init(_ logger: Logger) {
        notices = NoticeSink(logger)
    }

    deinit {
        startedLoop.withLock { $0?.shutDown() }
    }

    /// Started at the first connect.
    func loop() throws -> EventLoop {
        try startedLoop.withLock { loop in
            if let loop { return loop }
            let started = try EventLoop(name: "postgres-loop")
            loop = started
            return started
        }
    }
}
