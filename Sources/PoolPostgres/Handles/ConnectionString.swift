internal import CLibPQ

/// Connection strings, read as libpq reads them.
enum ConnectionString {
    struct Unreadable: Error {
        let reason: String
    }

    /// The settings that `text` names, of a URL (`postgres://…`) or of the form `host=… dbname=…`.
    static func parse(_ text: String) throws(Unreadable) -> [(name: String, value: String)] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(text, &message) else {
            let reason = unsafe message.map { unsafe String(cString: $0).trimmingLineEnds } ?? "out of memory"
            unsafe PQfreemem(message)
            throw Unreadable(reason: withoutSecrets(reason))
        }
        defer { unsafe PQconninfoFree(options) }
        return unsafe settings(of: options)
    }

    /// libpq quotes the part of the text that it cannot read, which may be a piece of a password. Names of settings are none.
    private static func withoutSecrets(_ reason: String) -> String {
        if reason.hasPrefix("invalid connection option") || reason.hasPrefix("invalid URI query parameter") {
            return reason
        }
        let parts = reason.split(separator: "\"", omittingEmptySubsequences: false)
        let shown = parts.enumerated().map {
            $0.offset.isMultiple(of: 2) || $0.element == "=" ? String($0.element) : "…"
        }
        return shown.joined(separator: "\"")
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
