internal import PoolSQL

extension SQLiteConfiguration {
    struct Target {
        var location: Location
        var isReadOnly = false
        var mayCreate = true
    }

    /// Refuses locations that cannot be opened, and replaces what a URI expresses by the configuration's own
    /// settings.
    static func check(_ location: Location) throws(PoolConfigurationError) -> Target {
        switch location {
        case .memory, .path(":memory:"):
            return Target(location: .memory)
        case .path(let path):
            if path.isEmpty || path.utf8.contains(0) {
                throw PoolConfigurationError(
                    "location", "path \"\(path)\"", "a path must not be empty or hold a zero byte")
            }
            return Target(location: location)
        case .url(let url):
            return try check(url: url)
        }
    }

    private static func check(url: String) throws(PoolConfigurationError) -> Target {
        func refused(_ rule: String) -> PoolConfigurationError {
            PoolConfigurationError("location", "url \"\(url)\"", rule)
        }
        guard url.hasPrefix("file:"), !url.utf8.contains(0) else {
            throw refused("a URL must begin with file: and hold no zero byte")
        }
        if url.contains("#") {
            throw refused("SQLite ignores what follows a #: write it as %23 if it belongs to the path")
        }
        let address = url.dropFirst(5)
        let path = address.prefix { $0 != "?" }
        let query = address.dropFirst(path.count + 1)
        var target = Target(location: .url(url))
        for pair in query.split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            let value = pair.dropFirst(name.count + 1)
            switch (name, value) {
            case ("mode", "ro"): target.isReadOnly = true
            case ("mode", "rw"): target.mayCreate = false
            case ("mode", "rwc"): break
            case ("mode", "memory"): target.location = .memory
            case ("mode", _): throw refused("mode must be ro, rw, rwc or memory")
            case ("cache", "shared"):
                throw refused("a shared cache is not supported: its locks fail instead of waiting")
            case ("immutable", let flag) where ["1", "true", "yes", "on"].contains(flag): target.isReadOnly = true
            case ("vfs", "memdb"): throw refused("vfs=memdb is not supported: use .memory")
            default: break
            }
        }
        if path == ":memory:" { target.location = .memory }
        if path.isEmpty, target.location != .memory { throw refused("a URL must name a file") }
        return target
    }

    static func check(pageSize: Int?) throws(PoolConfigurationError) {
        guard let pageSize else { return }
        if !(512...65_536).contains(pageSize) || pageSize & (pageSize - 1) != 0 {
            throw PoolConfigurationError("pageSize", pageSize, "it must be a power of two from 512 to 65536")
        }
    }

    static func check(busyTimeout: Duration) throws(PoolConfigurationError) {
        if busyTimeout < .zero || busyTimeout > .seconds(3_600) {
            throw PoolConfigurationError("busyTimeout", busyTimeout, "it must be from zero to one hour")
        }
    }

    static func check(statementCacheCapacity: Int) throws(PoolConfigurationError) {
        if !(0...10_000).contains(statementCacheCapacity) {
            throw PoolConfigurationError(
                "statementCacheCapacity", statementCacheCapacity, "it must be from 0 to 10000")
        }
    }

    static func check(maximumPages: Int?) throws(PoolConfigurationError) {
        guard let maximumPages else { return }
        if !(1...4_294_967_294).contains(maximumPages) {
            throw PoolConfigurationError("maximumPages", maximumPages, "it must be from 1 to 4294967294")
        }
    }

    static func check(_ pragmas: [Pragma]) throws(PoolConfigurationError) {
        /// The settings of other properties, which set them more carefully than a plain PRAGMA.
        let taken = ["journal_mode", "synchronous", "busy_timeout", "foreign_keys", "page_size", "max_page_count"]
        for pragma in pragmas {
            if !pragma.name.isIdentifier {
                throw PoolConfigurationError("pragmas", pragma.name, "a name must be letters, digits and underscores")
            }
            if taken.contains(pragma.name.lowercased()) {
                throw PoolConfigurationError("pragmas", pragma.name, "it has a property of its own: set that")
            }
            if pragma.name.lowercased() == "encoding" {
                throw PoolConfigurationError("pragmas", pragma.name, "new databases are UTF-8, others stay as they are")
            }
            if pragma.value.isEmpty || pragma.value.utf8.contains(0) {
                throw PoolConfigurationError(
                    "pragmas", "\(pragma.name) = \"\(pragma.value)\"", "a value must not be empty or hold a zero byte")
            }
        }
    }

    static func check(_ functions: [SQLiteFunction]) throws(PoolConfigurationError) {
        for function in functions {
            if function.name.isEmpty || function.name.utf8.count > 255 || function.name.utf8.contains(0) {
                throw PoolConfigurationError(
                    "functions", "\"\(function.name)\"", "a name must have from 1 to 255 bytes and no zero byte")
            }
            if let count = function.argumentCount, !(0...127).contains(count) {
                throw PoolConfigurationError(
                    "functions", "\(function.name) with \(count) arguments", "the count must be from 0 to 127")
            }
        }
    }
}

extension SQLiteConfiguration.Pragma {
    /// The settings that belong to the file. `auto_vacuum`, which can change only while the file is empty, comes
    /// first.
    static let namesOfFile = ["auto_vacuum", "application_id", "user_version"]

    var isOfFile: Bool { Self.namesOfFile.contains(name.lowercased()) }

    /// The value in SQL's notation.
    var sqlValue: String {
        // `Double` also accepts inf, nan and hexadecimal numbers, which SQL does not.
        let isDecimal = value.utf8.allSatisfy { "+-.0123456789eE".utf8.contains($0) } && Double(value) != nil
        if isDecimal || value.isIdentifier { return value }
        let parts = value.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + parts.map { String($0) }.joined(separator: "''") + "'"
    }
}

extension String {
    /// True for an SQL name that needs no quotes.
    var isIdentifier: Bool {
        guard let first = utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}

extension PoolConfigurationError {
    fileprivate init(_ property: String, _ value: some Any, _ rule: String) {
        self.init(property: "SQLiteConfiguration.\(property)", value: String(describing: value), rule: rule)
    }
}
