internal import CLibPQ

/// Connection strings, read as libpq reads them.
enum ConnectionString {
    struct Unreadable: Error {
        let reason: String
    }

    /// The settings that `text` names, of a URL (`postgres://…`) or of the form `host=… dbname=…`.
    static func parse(_ text: String) throws(Unreadable) -> [(name: String, value: String)] {
        try requireSeparatedPassword(text)
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(text, &message) else {
            let reason = unsafe message.map { unsafe String(cString: $0).trimmingLineEnds } ?? "out of memory"
            unsafe PQfreemem(message)
            throw Unreadable(reason: withoutSecrets(reason))
        }
        defer { unsafe PQconninfoFree(options) }
        let settings = unsafe settings(of: options)
        // One at its start is that of an abstract socket, and a folder may have any.
        for (name, value) in settings where name == "host" && isURL(text) {
            if value.split(separator: ",").contains(where: { $0.first != "/" && $0.dropFirst().contains("@") }) {
                throw Unreadable(reason: misplacedAt)
            }
        }
        for (name, value) in settings where name == "port" && !isPorts(value) {
            throw Unreadable(reason: "a port must be a number from 1 to 65535; \(encodingRule)")
        }
        if isURL(text) { try requireOneUser(text) }
        return settings
    }

    /// Of two users libpq takes the last, and so may send the first one's password for it.
    private static func requireOneUser(_ url: String) throws(Unreadable) {
        let place = url.prefix { $0 != "?" }
        let pairs = url.dropFirst(place.count + 1).split(separator: "&")
        // libpq reads each part by itself, so that one rule decides what is a user. The slash keeps an @ from ending one.
        let users = ([String(place)] + pairs.map { "postgres:///?\($0)" }).count { part in
            guard let options = unsafe PQconninfoParse(part, nil) else { return false }
            defer { unsafe PQconninfoFree(options) }
            return unsafe settings(of: options).contains { $0.name == "user" }
        }
        if users > 1 {
            throw Unreadable(reason: "it must name one user: either before the host or as ?user=, and once")
        }
    }

    private static let encodingRule =
        "a password in a URL must be percent-encoded, and one with spaces or quotes elsewhere must be quoted"

    private static let misplacedAt = "there is an @ in a host or a database's name: \(encodingRule), @ as %40"

    private static func isURL(_ text: String) -> Bool {
        text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
    }

    /// libpq ends a password at the first `@` or `/` that it meets, and then shows the rest of it as a host that is not found.
    private static func requireSeparatedPassword(_ text: String) throws(Unreadable) {
        guard isURL(text) else { return }
        let place = text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "?" }
        let authority = place.prefix { $0 != "/" }
        if authority.count(where: { $0 == "@" }) > 1 || place.dropFirst(authority.count).contains("@") {
            throw Unreadable(reason: misplacedAt)
        }
    }

    /// One for each host, of which some may be left out.
    private static func isPorts(_ text: String) -> Bool {
        text.split(separator: ",").allSatisfy { part in
            guard let port = Int(part.trimmingPrefix(while: \.isWhitespace)) else { return false }
            return (1...65_535).contains(port)
        }
    }

    /// libpq quotes the part of the text that it cannot read, which may be a piece of a password, as may be what looks like a
    /// setting's name.
    private static func withoutSecrets(_ reason: String) -> String {
        let parts = reason.split(separator: "\"", omittingEmptySubsequences: false)
        let shown = parts.enumerated().map {
            $0.offset.isMultiple(of: 2) || $0.element == "=" ? String($0.element) : "…"
        }
        return shown.joined(separator: "\"")
            + (parts.count > 1 ? " (hidden: it may be of a password); \(encodingRule)" : "")
    }

    /// What libpq takes from the environment and its service file, by the settings' names. Reads files.
    static func defaults() -> [String: String] {
        guard let options = unsafe PQconndefaults() else { return [:] }
        defer { unsafe PQconninfoFree(options) }
        return Dictionary(unsafe settings(of: options).map { ($0.name, $0.value) }) { _, last in last }
    }

    /// The names of all settings that this version of libpq knows.
    static let knownNames: Set<String> = {
        guard let options = unsafe PQconndefaults() else { return [] }
        defer { unsafe PQconninfoFree(options) }
        var names: Set<String> = []
        var index = 0
        while let name = unsafe options[index].keyword {
            names.insert(unsafe String(cString: name))
            index += 1
        }
        return names
    }()

    private static func settings(of options: UnsafeMutablePointer<PQconninfoOption>) -> [(name: String, value: String)]
    {
        var settings: [(name: String, value: String)] = []
        var index = 0
        while let name = unsafe options[index].keyword {
            if let value = unsafe options[index].val {
                unsafe settings.append((String(cString: name), String(cString: value)))
            }
            index += 1
        }
        return settings
    }
}
