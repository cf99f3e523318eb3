public import PoolCore

extension PostgresDriver {
    /// The endpoint and the user are those of the configuration; what it leaves to libpq's defaults is not known before
    /// a connect.
    public var information: DriverInformation {
        DriverInformation(
            name: name, clientLibrary: .init(name: "libpq", version: ClientLibrary.version),
            endpoint: configuration.endpoint, user: configuration.value(of: "user"), blocksThread: false,
            capabilities: [
                .readOnlyAccess, .cancellation, .lossDetection, .statementCache, .streaming, .notifications,
                .pipelining,
            ])
    }
}

extension PostgresConfiguration {
    /// The one that counts; nil if it is left to libpq.
    func value(of name: String) -> String? {
        guard let value = parameters.last(where: { $0.name == name })?.value, !value.isEmpty else { return nil }
        return value
    }

    /// `db.local:5432/shop`; several hosts are separated by commas.
    var endpoint: String? {
        let hosts = (value(of: "host") ?? value(of: "hostaddr")).map(Self.list) ?? []
        let ports = value(of: "port").map(Self.list) ?? []
        // One port is that of all hosts:
        // https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
        let places = hosts.enumerated().map { index, host in
            let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
            let name = host.contains(":") ? "[\(host)]" : host
            return port.isEmpty ? name : "\(name):\(port)"
        }
        let database = value(of: "dbname").map { "/" + $0 } ?? ""
        if places.isEmpty { return database.isEmpty ? nil : "(default)" + database }
        return places.joined(separator: ",") + database
    }

    private static func list(_ value: String) -> [String] {
        value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
}
