public import PoolSQL

extension PostgresDriver {
    /// The driver, libpq, and the configuration's address and user; what the configuration leaves to libpq's defaults
    /// is unknown before a connect.
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
    /// The effective value of a setting; nil if it is left to libpq.
    func value(of name: String) -> String? {
        guard let value = parameters.last(where: { $0.name == name })?.value, !value.isEmpty else { return nil }
        return value
    }

    /// The address, for example `db.local:5432/shop`; several hosts are separated by commas.
    var endpoint: String? {
        let hosts = (value(of: "host") ?? value(of: "hostaddr")).map(Self.list) ?? []
        let ports = value(of: "port").map(Self.list) ?? []
        // A single port applies to all hosts:
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
