/// What a statement's text says about what it does, as far as that can be seen without the server.
struct StatementTraits: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    /// It may leave something in the session that the next lease must not see.
    static let changesSession = Self(rawValue: 1)
    /// It makes or drops prepared statements by SQL.
    static let changesPrepared = Self(rawValue: 2)
    /// It only reads: to stop it in the middle undoes nothing.
    static let onlyReads = Self(rawValue: 4)
    /// It may do more than read although it begins as if not.
    private static let mayWrite = Self(rawValue: 8)
    /// What it changes in the session stays although it fails.
    static let survivesFailure = Self(rawValue: 16)
    /// Names of tables and types may mean others after it.
    static let changesNames = Self(rawValue: 32)
    /// It only reads, and calls no function that might do more: to run it twice does nothing that to run it once does not.
    static let isPlain = Self(rawValue: 64)
    /// Data comes or goes apart from statements and results.
    static let copies = Self(rawValue: 128)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads the words of one or several statements, without comments and constants.
    init(of text: String) {
        var scanner = WordScanner(text)
        var traits: Self = []
        var isFirst = true
        var count = 0
        while let token = scanner.next() {
            switch token {
            case .endOfStatement:
                isFirst = true
                continue
            case .word(let word) where isFirst:
                traits.formUnion(Self.traits(ofCommand: word, then: &scanner))
                count += 1
            case .word(let word): traits.formUnion(Self.traits(ofWord: word))
            case .quoted(let name): traits.formUnion(Self.traits(ofName: name))
            }
            isFirst = false
        }
        if count != 1 || traits.contains(.mayWrite) { traits.remove(.onlyReads) }
        if traits.contains(.onlyReads), !scanner.hasParenthesis { traits.insert(.isPlain) }
        self = traits
    }

    private static func traits(ofCommand word: String, then scanner: inout WordScanner) -> Self {
        switch word {
        case "select", "values", "table": return [.onlyReads]
        case "copy": return [.onlyReads, .copies]
        case "with", "insert", "update", "delete", "merge", "explain", "show", "create", "drop", "alter", "truncate",
            "comment", "grant", "revoke", "vacuum", "analyze", "cluster", "reindex", "refresh", "begin",
            "start",
            "commit", "end", "rollback", "abort", "savepoint", "release", "fetch", "move", "close", "lock", "notify",
            "checkpoint", "import", "security", "reassign":
            return []
        case "set": return traits(ofSetting: &scanner)
        case "prepare", "deallocate": return [.changesSession, .changesPrepared]
        case "discard": return [.changesSession, .changesPrepared, .changesNames]
        // They may commit within.
        case "call", "do": return [.changesSession, .changesNames, .survivesFailure]
        case "listen", "unlisten", "declare", "load": return [.changesSession]
        // RESET, EXECUTE, and what the driver does not know.
        default: return [.changesSession, .changesNames]
        }
    }

    /// What follows SET. LOCAL, TRANSACTION and CONSTRAINTS are keywords there only if they come at once, and last no longer than
    /// the transaction.
    private static func traits(ofSetting scanner: inout WordScanner) -> Self {
        var traits: Self = [.changesSession]
        var token = scanner.nextInStatement()
        switch token {
        case .word("transaction"), .word("constraints"): return []
        case .word("local"):
            traits = []
            token = scanner.nextInStatement()
        case .word("session"): token = scanner.nextInStatement()
        default: break
        }
        switch token {
        case .word(let name), .quoted(let name):
            let deciding = ["search_path", "schema", "role", "authorization", "session_authorization"]
            if deciding.contains(name.lowercased()) { traits.insert(.changesNames) }
        case .endOfStatement, nil: break
        }
        return traits
    }

    private static func traits(ofWord word: String) -> Self {
        switch word {
        case "temp", "temporary": [.changesSession]
        // SELECT … INTO, and statements within others.
        case "into", "insert", "update", "delete", "merge": [.mayWrite]
        default: traits(ofName: word)
        }
    }

    /// Temporary tables, and functions that change the session from within a query, or with an effect that stays.
    private static func traits(ofName name: String) -> Self {
        switch name {
        case "set_config": [.changesSession, .changesNames]
        case "nextval", "setval": [.mayWrite]
        case _ where name.hasPrefix("pg_temp"): [.changesSession]
        case _ where name.contains("advisory") || name.hasPrefix("dblink_"): [.changesSession, .survivesFailure]
        default: []
        }
    }
}
