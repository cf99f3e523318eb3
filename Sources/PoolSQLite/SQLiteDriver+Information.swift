public import PoolSQL

extension SQLiteDriver {
    /// The driver, libsqlite3, and the database: the endpoint is the file, without the parameters of a URI.
    public var information: DriverInformation {
        let endpoint =
            switch configuration.location {
            case .path(let path): path
            case .url(let url): String(url.prefix { $0 != "?" })
            case .memory: ":memory:"
            }
        return DriverInformation(
            name: name, clientLibrary: .init(name: "libsqlite3", version: ClientLibrary.version), endpoint: endpoint,
            blocksThread: true, capabilities: [.readOnlyAccess, .cancellation, .statementCache, .streaming])
    }
}
