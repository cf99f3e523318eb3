internal import PoolIO
internal import Synchronization

/// The threads that ask servers to cancel statements.
///
/// Up to libpq 16 such a request has no limit of time: where an address takes it and says nothing, its thread is lost
/// until the network gives up, which may take hours. So each address has threads of its own, and more of them than a
/// pool needs at once: a server that is silent keeps no other from being asked, and the same server is asked again once
/// it takes connections.
final class CancelThreads: Sendable {
    /// How many requests to one address may be on their way at once.
    static let maximumPerAddress = 128

    private struct Entry {
        weak var threads: HelperThreads?
    }

    /// Held by the connections to an address, so that an address that is not used any more leaves nothing behind.
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
