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
            throw Unreadable(reason: reason)
        }
        defer { unsafe PQconninfoFree(options) }
        return unsafe settings(of: options)
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
