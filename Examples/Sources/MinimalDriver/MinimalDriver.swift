// The smallest driver, to copy: it pools connections to a store of texts, here in the same process. No SQL, no C.
@_spi(Driver) import PoolCore
import Synchronization

/// What the connections lead to: the place of a server.
final class Store: Sendable {
    let texts = Mutex<[String: String]>([:])
}

struct StoreDriver: PoolDriver {
    let name = "store"
    let store: Store

    func connect(_ request: ConnectRequest) async throws -> StoreConnection { StoreConnection(store) }

    /// Tells the pool what an error of a connect, a validation or a reset means.
    func verdict(on error: any Error) -> PoolVerdict { error is StoreClosed ? .discard : .keep }
}

struct StoreClosed: Error {}

final class StoreConnection: DriverConnection {
    private let store: Store
    /// The session: a prefix that a lease may set, and that the next lease must not find. Nil once it is closed.
    private let prefix = Mutex<String?>("")

    init(_ store: Store) { self.store = store }

    // What the pool reads after each lease: from what the connection knows already, without asking the server.
    var condition: ConnectionCondition {
        prefix.withLock { $0 == nil ? .broken : $0 == "" ? .clean : .dirty }
    }

    func validate() async throws { _ = try current() }
    func reset() async throws { use(prefix: "") }
    func close(_ mode: ConnectionCloseMode) async { prefix.withLock { $0 = nil } }
    func cancel() {}  // Nothing here takes time.

    // What the driver's users can do.
    func use(prefix new: String) { prefix.withLock { if $0 != nil { $0 = new } } }
    func text(_ key: String) throws -> String? {
        let key = try current() + key
        return store.texts.withLock { $0[key] }
    }
    func set(_ key: String, to text: String) throws {
        let key = try current() + key
        store.texts.withLock { $0[key] = text }
    }

    private func current() throws -> String {
        guard let prefix = prefix.withLock(\.self) else { throw StoreClosed() }
        return prefix
    }
}

// An application sees the lease, never the connection: what it may do is an extension of the lease.
extension Lease where Driver == StoreDriver {
    mutating func use(prefix: String) { handle.connection.use(prefix: prefix) }
    mutating func text(_ key: String) throws -> String? { try handle.connection.text(key) }
    mutating func set(_ key: String, to text: String) throws { try handle.connection.set(key, to: text) }
}

@main
struct MinimalDriver {
    static func main() async throws {
        let pool = try Pool(
            driver: StoreDriver(store: Store()), configuration: PoolConfiguration(maximumConnections: 2))
        try await pool.withConnection { connection in
            connection.use(prefix: "fruit/")
            try connection.set("apple", to: "red")
        }
        // The prefix of the first lease is gone: the pool has reset the session.
        let found = try await pool.withConnection { try ($0.text("apple"), $0.text("fruit/apple")) }
        guard found == (nil, "red") else { fatalError("found \(found)") }  // because an example that fails must say so.
        print("The second lease found \(found.1 ?? "nothing") under its full name.")
        try await pool.close()
    }
}
