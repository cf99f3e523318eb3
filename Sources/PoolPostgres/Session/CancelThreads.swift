internal import PoolIO
internal import Synchronization

/// The threads that send cancel requests to servers.
///
/// Up to libpq 16 a cancel request has no time limit: if an address accepts the connection and never answers, its
/// thread is lost until the network gives up, which may take hours. So each address has its own threads, and more of
/// them than a pool needs at the same time: a silent server does not keep requests from other servers, and gets
/// requests again when it accepts connections.
final class CancelThreads: Sendable {
    /// The largest number of requests to one address that may be on their way at the same time.
    static let maximumPerAddress = 128

    private struct Entry {
        weak var threads: HelperThreads?
    }

    /// Held weakly, and strongly by the connections to an address, so that an unused address leaves nothing behind.
    private let entries = Mutex<[String: Entry]>([:])

    func threads(for address: String) -> HelperThreads {
        entries.withLock { entries in
            if let threads = entries[address]?.threads { return threads }
            entries = entries.filter { $0.value.threads != nil }
            let threads = HelperThreads(name: "postgres-cancel", maximumThreads: Self.maximumPerAddress)
            entries[address] = Entry(threads: threads)
            return threads
        }
    }
}
