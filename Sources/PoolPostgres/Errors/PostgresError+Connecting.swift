extension PostgresError {
    /// Reads libpq's message about a connect that failed.
    ///
    /// libpq has no SQLSTATE for that, but writes it into the text when its messages are verbose: `connection to
    /// server at "db" (10.0.0.1), port 5432 failed: FATAL: 28P01: password authentication failed`. With several hosts
    /// there is a line for each, of which the last with an SQLSTATE counts.
    init(connecting text: String) {
        var code: Code?
        var kept: [Substring] = []
        for line in text.split(whereSeparator: \.isNewline) {
            // The place in the server's source code.
            if line.hasPrefix("LOCATION:") { continue }
            guard let found = Self.sqlState(in: line) else {
                kept.append(line)
                continue
            }
            code = found.code
            kept.append(Substring(found.rest))
        }
        let message = kept.joined(separator: "\n").inOneLine
        self.init(code: code ?? .cannotConnect, severity: "FATAL", message: message)
        isConnecting = true
    }

    /// Finds `: 28P01: ` in a line, and returns the line without the code.
    private static func sqlState(in line: Substring) -> (code: Code, rest: String)? {
        let characters = Array(line.utf8)
        guard characters.count > 10 else { return nil }
        for start in 0...(characters.count - 10)
        where characters[start] == UInt8(ascii: ":") && characters[start + 1] == UInt8(ascii: " ")
            && characters[start + 2] == UInt8(ascii: " ") && characters[start + 8] == UInt8(ascii: ":")
        {
            let state = characters[(start + 3)..<(start + 8)]
            let isCode = state.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
            }
            if !isCode { continue }
            let rest = characters[..<(start + 1)] + characters[(start + 9)...]
            return (Code(rawValue: String(decoding: state, as: UTF8.self)), String(decoding: rest, as: UTF8.self))
        }
        return nil
    }

    /// True for failures that last until a person changes something: libpq has no codes for these, and PgBouncer
    /// gives the code 08P01 to all of its own, even to temporary ones such as "query_wait_timeout", "server login has
    /// been failing, try again later" and "no more connections allowed".
    var isPermanentConnectFailure: Bool {
        let signs = [
            "server does not support SSL", "certificate", "SSL error: tlsv", "no password supplied",
            "invalid sslmode", "authentication method", "could not load", "could not read root",
            "service file", "definition of service", "does not match host name",
            "unsupported startup parameter", "authentication failed", "no such user", "no such database",
            "does not exist",
        ]
        return signs.contains { message.contains($0) }
    }
}
