internal import CLibPQ

/// Connection strings, read as libpq reads them.
enum ConnectionString {
    struct Unreadable: Error {
        let reason: String
    }

    /// The settings that `text` names, which is a URL (`postgres://…`) or has the form `host=… dbname=…`.
    static func parse(_ text: String) throws(Unreadable) -> [(name: String, value: String)] {
        try requireSeparatedPassword(text)
        try requireForm(text)
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(text, &message) else {
            let reason = unsafe message.map { unsafe String(cString: $0).inOneLine } ?? "out of memory"
            unsafe PQfreemem(message)
            if let name = unknownName(in: text) {
                throw Unreadable(
                    reason: "libpq knows no setting \"\(name)\"; the pool's limits are those of PoolConfiguration")
            }
            throw Unreadable(reason: withoutSecrets(reason))
        }
        defer { unsafe PQconninfoFree(options) }
        let settings = unsafe settings(of: options)
        // A leading @ marks an abstract socket, and a folder's path may contain any.
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

    /// Refuses several users: libpq takes the last, and so may send the first one's password for it.
    private static func requireOneUser(_ url: String) throws(Unreadable) {
        let place = url.prefix { $0 != "?" }
        let pairs = url.dropFirst(place.count + 1).split(separator: "&")
        // libpq parses each part on its own, so that one rule decides what is a user. The slash keeps an @ from
        // ending one.
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

    /// Refuses an ambiguous password: libpq ends a password at the first `@` or `/`, and then shows the rest of it as
    /// an unknown host.
    private static func requireSeparatedPassword(_ text: String) throws(Unreadable) {
        guard isURL(text) else { return }
        let place = text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "?" }
        let authority = place.prefix { $0 != "/" }
        if authority.count(where: { $0 == "@" }) > 1 || place.dropFirst(authority.count).contains("@") {
            throw Unreadable(reason: misplacedAt)
        }
    }

    /// Refuses text of neither form: libpq would report only a missing equals sign.
    private static func requireForm(_ text: String) throws(Unreadable) {
        if isURL(text) { return }
        if let scheme = text.firstRange(of: "://").map({ text[..<$0.lowerBound] }), scheme.allSatisfy(isOfName) {
            throw Unreadable(
                reason: "it begins with \(scheme)://, and a URL must begin with postgres:// or postgresql://")
        }
        if !text.contains("="), text.contains(where: { !$0.isWhitespace }) {
            throw Unreadable(
                reason: "it is neither a URL, postgres://user@host/database, nor settings, host=… dbname=…")
        }
    }

    /// The first setting in a URL that libpq does not know, unless its name may be a piece of a password.
    private static func unknownName(in url: String) -> String? {
        guard isURL(url) else { return nil }
        let query = url.drop { $0 != "?" }.dropFirst()
        // A password with a question mark is followed by an @, unless the host was forgotten, and one in a setting
        // may contain an ampersand.
        if query.contains("@") || query.lowercased().contains("pass") { return nil }
        let place = url.prefix { $0 != "?" }
        let port = place.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }.drop { $0 != ":" }
        if !place.contains("@"), !port.dropFirst().allSatisfy(\.isNumber) { return nil }
        let names = query.split(separator: "&").map { $0.prefix { $0 != "=" } }
        let known = knownNames.union(["ssl"])
        return names.first { !known.contains(String($0)) && $0.allSatisfy(isOfName) }.map(String.init)
    }

    private static func isOfName(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "_-+.".contains(character))
    }

    /// True for a list with a port for each host, some of which may be missing.
    private static func isPorts(_ text: String) -> Bool {
        text.split(separator: ",").allSatisfy { part in
            guard let port = Int(part.trimmingPrefix(while: \.isWhitespace)) else { return false }
            return (1...65_535).contains(port)
        }
    }

    /// Hides quoted parts of libpq's message: unreadable text and names of settings may be pieces of a password.
    private static func withoutSecrets(_ reason: String) -> String {
        let parts = reason.split(separator: "\"", omittingEmptySubsequences: false)
        let shown = parts.enumerated().map {
            $0.offset.isMultiple(of: 2) || $0.element == "=" ? String($0.element) : "…"
        }
        return shown.joined(separator: "\"")
            + (parts.count > 1 ? " (hidden: it may be of a password); \(encodingRule)" : "")
    }

    /// The settings that libpq takes from the environment and its service file, by name. Reads files.
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
