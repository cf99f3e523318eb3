public import PoolSQL

extension MySQLConfiguration {
    /// Reads a URL: `mysql://user:password@host:3306/database?tls=required`. The scheme `mariadb://` means the same.
    ///
    /// Everything but the user and the host may be missing; with `socket` the host may be, too. Characters other than
    /// letters, digits and `-._~` are written as `%` and two hexadecimal digits. The settings after `?` are:
    ///
    /// | name | value |
    /// |---|---|
    /// | `socket` | the path of a Unix socket |
    /// | `tls` | a ``TLSMode`` |
    /// | `ca`, `cert`, `key` | paths of PEM files |
    /// | `connectTimeout`, `readTimeout`, `writeTimeout` | seconds |
    /// | `compression`, `localInfile`, `clearPassword` | `true` or `false` |
    /// | `timeZone` | `utc` or `server` |
    /// | `initCommand` | a statement; may be given more than once |
    /// | `statementCache` | a number of statements |
    /// | `temporaryTables` | `dropped` or `kept` |
    ///
    /// - Parameter database: The database that replaces the URL's; nil keeps the URL's.
    /// - Throws: ``PoolConfigurationError``, which never shows the password.
    public init(url: String, database: String? = nil) throws(PoolConfigurationError) {
        var parts = try URLParts(url)
        let tls = TLS(
            mode: try parts.take("tls", TLSMode.init(rawValue:)), certificateAuthority: try parts.take("ca"),
            clientCertificate: try parts.take("cert"), clientKey: try parts.take("key"))
        let location: Location
        if let path = try parts.take("socket") {
            location = .socket(path: path)
        } else if let host = parts.host {
            location = .tcp(host: host, port: parts.port ?? 3306)
        } else {
            throw URLParts.refused("it must name a host or a socket")
        }
        let zones: [String: TimeZone] = ["utc": .utc, "server": .server]
        let flags = ["true": true, "false": false]
        let connectTimeout = try parts.take("connectTimeout", Self.seconds)
        let readTimeout = try parts.take("readTimeout", Self.seconds)
        let writeTimeout = try parts.take("writeTimeout", Self.seconds)
        let compression = try parts.take("compression") { flags[$0] }
        let localInfile = try parts.take("localInfile") { flags[$0] }
        let clearPassword = try parts.take("clearPassword") { flags[$0] }
        let zone = try parts.take("timeZone") { zones[$0] }
        let cache = try parts.take("statementCache") { Int($0) }
        let tables = try parts.take("temporaryTables") { ["dropped": SQLTemporaryTables.dropped, "kept": .kept][$0] }
        let commands = parts.takeAll("initCommand")
        try parts.requireNothingLeft()
        try self.init(
            location, user: parts.user ?? "", password: parts.password ?? "", database: database ?? parts.database,
            tls: tls,
            connectTimeout: connectTimeout ?? .seconds(10), readTimeout: readTimeout, writeTimeout: writeTimeout,
            initCommands: commands, usesCompression: compression ?? false, allowsLocalInfile: localInfile ?? false,
            allowsClearPassword: clearPassword ?? false, timeZone: zone ?? .utc,
            statementCacheCapacity: cache ?? 100, temporaryTables: tables ?? .dropped)
    }

    private static func seconds(_ text: String) -> Duration? { Int(text).map { .seconds($0) } }
}

/// A URL in its parts, decoded.
private struct URLParts {
    var user: String?
    var password: String?
    var host: String?
    var port: Int?
    var database: String?
    private var settings: [(name: String, value: String)] = []
    private var mayHoldPassword = false

    static func refused(_ rule: String) -> PoolConfigurationError {
        PoolConfigurationError("url", "(hidden: it may hold a password)", rule)
    }

    private static let quoting =
        "/, ?, # and @ in a user, a password, a path or a setting must be written as %2F, %3F, %23 and %40"

    init(_ url: String) throws(PoolConfigurationError) {
        if url.contains("#") { throw Self.refused(Self.quoting) }
        guard let scheme = ["mysql://", "mariadb://"].first(where: { url.hasPrefix($0) }) else {
            let scheme = url.firstRange(of: "://").map { url[..<$0.lowerBound] } ?? ""
            let isName = !scheme.isEmpty && scheme.allSatisfy { $0.isASCII && ($0.isLetter || "+-.".contains($0)) }
            throw Self.refused(
                (isName ? "it begins with \(scheme):// and " : "it ") + "must begin with mysql:// or mariadb://")
        }
        var rest = url.dropFirst(scheme.count)
        if let question = rest.firstIndex(of: "?") {
            for pair in rest[rest.index(after: question)...].split(separator: "&") {
                let name = pair.prefix { $0 != "=" }
                settings.append((try Self.decoded(name), try Self.decoded(pair.dropFirst(name.count + 1))))
            }
            mayHoldPassword = settings.contains { $0.name.lowercased().contains("pass") || $0.name == "initCommand" }
            rest = rest[..<question]
            // A `/` or `?` in an unquoted password would end it there, and the rest of it would be shown.
            if url[question...].contains("@") { throw Self.refused(Self.quoting) }
        }
        if let slash = rest.firstIndex(of: "/") {
            let name = rest[rest.index(after: slash)...]
            database = name.isEmpty ? nil : try Self.decoded(name)
            if rest[slash...].contains("@") { throw Self.refused(Self.quoting) }
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            if rest[..<at].contains("@") { throw Self.refused(Self.quoting) }
            let credentials = rest[..<at]
            let name = credentials.prefix { $0 != ":" }
            user = try Self.decoded(name)
            if name.count < credentials.count { password = try Self.decoded(credentials.dropFirst(name.count + 1)) }
            rest = rest[rest.index(after: at)...]
        }
        try readAddress(rest)
    }

    private mutating func readAddress(_ text: Substring) throws(PoolConfigurationError) {
        var name = text
        // An IPv6 address has colons of its own.
        let isBracketed = text.hasPrefix("[")
        if isBracketed {
            guard let end = text.firstIndex(of: "]") else { throw Self.refused("an address in [ must end with ]") }
            name = text[text.index(after: text.startIndex)..<end]
            try readPort(text[text.index(after: end)...])
        } else if let colon = text.firstIndex(of: ":") {
            name = text[..<colon]
            try readPort(text[colon...])
        }
        host = name.isEmpty ? nil : try Self.decoded(name)
    }

    private mutating func readPort(_ text: Substring) throws(PoolConfigurationError) {
        if text.isEmpty { return }
        guard text.hasPrefix(":"), let number = Int(text.dropFirst()), (1...65_535).contains(number) else {
            throw Self.refused("a port must be from 1 to 65535")
        }
        port = number
    }

    private static func decoded(_ text: Substring) throws(PoolConfigurationError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16), !digits.hasPrefix("+") else {
                throw refused("% must be followed by two hexadecimal digits")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw refused("it must be UTF-8") }
        return decoded
    }

    // MARK: Settings

    mutating func takeAll(_ name: String) -> [String] {
        let values = settings.filter { $0.name == name }.map(\.value)
        settings.removeAll { $0.name == name }
        return values
    }

    mutating func take(_ name: String) throws(PoolConfigurationError) -> String? {
        let values = takeAll(name)
        if values.count > 1 { throw Self.refused("\(name) must not be given more than once") }
        return values.first
    }

    mutating func take<Value>(
        _ name: String, _ read: (String) -> Value?
    ) throws(PoolConfigurationError) -> Value? {
        guard let text = try take(name) else { return nil }
        guard let value = read(text) else { throw Self.refused("\(name) cannot be \"\(text)\"") }
        return value
    }

    func requireNothingLeft() throws(PoolConfigurationError) {
        guard let name = settings.first?.name else { return }
        // Text that looks like a name may be a piece of a password that contains an ampersand.
        let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }
        throw Self.refused(
            mayHoldPassword || !isName
                ? "a setting after ? has a name that there is not"
                : "there is no setting \"\(name)\"; the pool's limits are those of PoolConfiguration")
    }
}
