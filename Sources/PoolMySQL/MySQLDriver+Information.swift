public import PoolSQL

extension MySQLDriver {
    /// The names and versions of the driver and of libmariadb, the address and the user, and the capabilities; no
    /// secrets.
    public var information: DriverInformation {
        let place =
            switch configuration.location {
            case .tcp(let host, let port): (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
            case .socket(let path): path
            }
        return DriverInformation(
            name: name, clientLibrary: .init(name: "libmariadb", version: ClientLibrary.version),
            endpoint: place + (configuration.database.map { "/" + $0 } ?? ""), user: configuration.user,
            blocksThread: true,
            capabilities: [.readOnlyAccess, .cancellation, .lossDetection, .statementCache, .streaming])
    }
}
