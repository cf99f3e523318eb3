internal import PoolSQL

extension ConnectPlan.Settings {
    /// A copy of the settings with libpq's `options`, which carry the server's settings for the session.
    ///
    /// The server takes the text between spaces as one argument, and a backslash before a character for that
    /// character alone: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
    func adding(_ sessionSettings: [String: String]) throws(PoolConfigurationError) -> Self {
        if sessionSettings.isEmpty { return self }
        var options = last { $0.name == "options" }.map { [$0.value] } ?? []
        for (name, value) in sessionSettings.sorted(by: { $0.key < $1.key }) {
            let isName = !name.isEmpty && name.utf8.allSatisfy { Self.isPartOfName($0) }
            if !isName {
                throw PoolConfigurationError(
                    property: "sessionSettings", value: name, rule: "it must be the name of a setting")
            }
            if value.utf8.contains(0) {
                throw PoolConfigurationError(
                    property: "sessionSettings", value: name, rule: "it must not hold a zero byte")
            }
            options.append("-c \(name)=\(Self.escaped(value))")
        }
        return self + [("options", options.joined(separator: " "))]
    }

    private static func isPartOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func escaped(_ value: String) -> String {
        // By scalars: a carriage return and a line feed are one character, and so are a backslash and a combining
        // accent.
        value.unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.properties.isWhitespace || scalar == "\\" { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(scalar)
        }
    }

    /// A copy of the settings for other credentials. A password of another user is left out.
    func adding(_ credentials: PoolCredentials?) -> Self {
        guard let credentials else { return self }
        var settings = filter { $0.name != "password" }
        settings.append(("user", credentials.user))
        if let password = credentials.password { settings.append(("password", password.text)) }
        return settings
    }
}

extension PoolCredentials {
    /// Throws for text that would end early in C.
    func requireWithoutZeroBytes() throws(PostgresError) {
        if user.utf8.contains(0) || password?.text.utf8.contains(0) ?? false {
            throw PostgresError.misuse("a user or password must not hold a zero byte")
        }
    }
}
