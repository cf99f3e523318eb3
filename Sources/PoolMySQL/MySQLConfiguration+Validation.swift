internal import PoolSQL

extension MySQLConfiguration {
    static func check(_ location: Location) throws(PoolConfigurationError) {
        switch location {
        case .tcp(let host, let port):
            if host.isEmpty || host.utf8.contains(0) {
                throw PoolConfigurationError(
                    "location", "host \"\(host)\"", "a host must not be empty or hold a zero byte")
            }
            // libmariadb parses lists of addresses, and settings, out of a host.
            if host.utf8.contains(where: { ",;=".utf8.contains($0) }) {
                throw PoolConfigurationError("location", "host \"\(host)\"", "a host must not hold a comma, ; or =")
            }
            if !(1...65_535).contains(port) {
                throw PoolConfigurationError("location", "port \(port)", "a port must be from 1 to 65535")
            }
        case .socket(let path):
            if path.isEmpty || path.utf8.contains(0) {
                throw PoolConfigurationError(
                    "location", "socket \"\(path)\"", "a path must not be empty or hold a zero byte")
            }
            // `sockaddr_un` has room for 108 bytes on Linux and 104 elsewhere, including a final zero; libmariadb
            // does not check.
            if path.utf8.count > 103 {
                throw PoolConfigurationError(
                    "location", "socket \"\(path)\"", "the path of a socket must have at most 103 bytes")
            }
        }
    }

    static func check(_ property: String, _ text: String, isSecret: Bool = false) throws(PoolConfigurationError) {
        if text.utf8.contains(0) {
            throw PoolConfigurationError(property, isSecret ? "(hidden)" : text, "it must not hold a zero byte")
        }
    }

    static func check(user: String) throws(PoolConfigurationError) {
        if user.isEmpty {
            throw PoolConfigurationError(
                "user", user, "it must not be empty: libmariadb would take the name of the process's user")
        }
        try check("user", user)
    }

    static func check(_ tls: TLS) throws(PoolConfigurationError) {
        for path in [tls.certificateAuthority, tls.clientCertificate, tls.clientKey] {
            if let path, path.isEmpty || path.utf8.contains(0) {
                throw PoolConfigurationError("tls", "file \"\(path)\"", "a path must not be empty or hold a zero byte")
            }
        }
        if tls.mode == .verified, tls.certificateAuthority == nil {
            throw PoolConfigurationError("tls", "mode verified", "to verify a server takes a certificateAuthority")
        }
        if (tls.clientCertificate == nil) != (tls.clientKey == nil) {
            throw PoolConfigurationError(
                "tls", "one of clientCertificate and clientKey",
                "a certificate takes its key, and a key its certificate")
        }
    }

    static func check(_ property: String, _ timeout: Duration?) throws(PoolConfigurationError) {
        guard let timeout else { return }
        // Checked against its bounds first: a duration longer than 64 bits of seconds has no components.
        if timeout < .seconds(1) || timeout > .seconds(86_400) || timeout.components.attoseconds != 0 {
            throw PoolConfigurationError(property, timeout, "it must be whole seconds, from 1 second to one day")
        }
    }

    static func check(cancelTimeout: Duration) throws(PoolConfigurationError) {
        if cancelTimeout <= .zero || cancelTimeout > .seconds(3_600) {
            throw PoolConfigurationError("cancelTimeout", cancelTimeout, "it must be more than zero, at most one hour")
        }
    }

    static func check(statementCacheCapacity: Int) throws(PoolConfigurationError) {
        if !(0...10_000).contains(statementCacheCapacity) {
            throw PoolConfigurationError(
                "statementCacheCapacity", statementCacheCapacity, "it must be from 0 to 10000")
        }
    }
}

extension PoolConfigurationError {
    init(_ property: String, _ value: some Any, _ rule: String) {
        self.init(property: "MySQLConfiguration.\(property)", value: String(describing: value), rule: rule)
    }
}
