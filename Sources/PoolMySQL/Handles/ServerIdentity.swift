internal import PoolSQL

/// The identity of the server that a connection leads to. A host and a port may lead to different servers: behind a
/// proxy, or after a failover.
struct ServerIdentity: Sendable, Hashable {
    private let variables: [String]
    /// When the connection was new, in coarse milliseconds.
    let moment: Int64

    /// The variables that tell two servers apart. MariaDB and MySQL each have some that the other lacks.
    static let names = ["hostname", "port", "socket", "datadir", "server_id", "server_uid", "server_uuid"]

    init(_ variables: [String: String]) {
        self.variables = Self.names.map { variables[$0] ?? "" }
        moment = ClientLibrary.coarseMilliseconds()
    }

    /// True if `other`, which was asked later, is of the same server process, which has been running for `seconds` by
    /// then. A restarted server gives the numbers of connections again.
    func isSameServer(as other: ServerIdentity, runningFor seconds: Int64) -> Bool {
        // The server counts whole seconds. An uptime of a thousand years is not believed.
        let milliseconds = min(max(seconds, 0), 31_536_000_000) * 1_000  // fits, because of the bound.
        // Fits, because both are small.
        return variables == other.variables && other.moment - milliseconds <= moment + 2_000
    }
}

extension Link {
    /// The session's values of system variables, in one request; variables that the server does not have are left
    /// out.
    func variables(_ names: [String]) throws -> [String: String] {
        let list = names.map { "'\($0)'" }.joined(separator: ", ")
        return try pairs("SHOW SESSION VARIABLES WHERE Variable_name IN (\(list))")
    }

    /// How long the server has been running, in seconds.
    func uptime() throws -> Int64? {
        try pairs("SHOW GLOBAL STATUS LIKE 'Uptime'")["uptime"].flatMap { Int64($0) }
    }

    private func pairs(_ text: String) throws -> [String: String] {
        try query(text)
        let values = try rows().allValues(.other)
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: values.count - 1, by: 2) {
            if case .text(let name) = values[index], case .text(let value) = values[index + 1] {
                pairs[name.lowercased()] = value
            }
        }
        return pairs
    }
}
