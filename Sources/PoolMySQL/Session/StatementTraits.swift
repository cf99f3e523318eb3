/// What a statement's text says about what it does, as far as that can be seen without the server.
struct StatementTraits: OptionSet, Sendable, Hashable {
    let rawValue: UInt16

    /// It may leave something in the session that the next lease must not see.
    static let changesSession = Self(rawValue: 1)
    /// What it changes in the session stays although it fails.
    static let survivesFailure = Self(rawValue: 2)
    /// It only reads: to stop it in the middle undoes nothing, and it can be run again.
    static let onlyReads = Self(rawValue: 4)
    /// The server can prepare it.
    static let isPreparable = Self(rawValue: 8)
    /// It inserts the same number of rows whatever the values are, and returns nothing.
    static let isPlainInsert = Self(rawValue: 16)
    /// It may set a role, which only a login takes away again.
    static let setsRole = Self(rawValue: 32)
    /// Its rows may come in another time zone than the session's.
    static let changesZone = Self(rawValue: 64)
    /// What was prepared before it may mean something else after it.
    static let changesParsing = Self(rawValue: 128)
    /// It may lock tables, which the next begin of a transaction would unlock.
    static let locksTables = Self(rawValue: 16_384)
    /// It runs statements that its text does not show, one of which may set a role.
    static let callsProcedure = Self(rawValue: 32_768)
    private static let mayWrite = Self(rawValue: 256)
    private static let namesValues = Self(rawValue: 512)
    private static let variesInRows = Self(rawValue: 1_024)
    private static let namesRole = Self(rawValue: 2_048)
    private static let namesZone = Self(rawValue: 4_096)
    private static let sets = Self(rawValue: 8_192)
    private static let told: Self = [
        .changesSession, .survivesFailure, .onlyReads, .isPreparable, .isPlainInsert, .setsRole, .changesZone,
        .changesParsing, .locksTables, .callsProcedure,
    ]

    init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Reads the words of one or several statements, without comments and quoted parts.
    init(of text: String) {
        var scanner = WordScanner(text)
        var traits: Self = []
        var isFirst = true
        var count = 0
        while let token = scanner.next() {
            switch token {
            case .endOfStatement: isFirst = true
            case .word(let word):
                if isFirst {
                    traits.formUnion(Self.traits(ofCommand: word))
                    count += 1
                } else {
                    traits.formUnion(Self.traits(ofWord: word))
                }
                isFirst = false
            case .function(let name):
                if Self.lockFunctions.contains(name) { traits.formUnion([.changesSession, .survivesFailure]) }
                if name == "nextval" || name == "setval" { traits.insert(.mayWrite) }
                isFirst = false
            // `SELECT … INTO @a`, `SELECT @a := 1`, and the placeholder of an out parameter.
            case .userVariable: traits.formUnion([.changesSession, .survivesFailure])
            }
        }
        if count != 1 { traits.subtract([.onlyReads, .isPreparable, .isPlainInsert]) }
        if traits.contains(.mayWrite) { traits.remove(.onlyReads) }
        if traits.contains(.variesInRows) || !traits.contains(.namesValues) { traits.remove(.isPlainInsert) }
        if traits.isSuperset(of: [.sets, .namesRole]) { traits.insert(.setsRole) }
        if traits.isSuperset(of: [.sets, .namesZone]) { traits.insert(.changesZone) }
        self = traits.intersection(Self.told)
    }

    private static let lockFunctions: Set = ["get_lock", "release_lock", "release_all_locks"]

    private static func traits(ofCommand word: String) -> Self {
        switch word {
        case "select", "values", "with": [.onlyReads, .isPreparable]
        case "insert": [.isPreparable, .isPlainInsert]
        case "update", "delete", "replace": [.isPreparable]
        // They may do anything, and commit within.
        case "call": [.changesSession, .survivesFailure, .isPreparable, .callsProcedure]
        case "begin", "if", "while", "repeat", "loop", "for", "case": [.survivesFailure]
        case "show", "describe", "desc", "explain", "analyze", "check", "checksum", "help", "do", "create", "drop",
            "alter", "rename", "truncate", "grant", "revoke", "commit", "rollback", "start", "savepoint", "release",
            "optimize", "repair", "load", "kill", "signal":
            []
        // One SET may set several things before it fails at the last.
        case "set": [.changesSession, .survivesFailure, .changesParsing, .sets]
        case "use": [.changesSession, .survivesFailure, .changesParsing]
        case "lock", "flush": [.changesSession, .survivesFailure, .locksTables]
        case "handler", "xa": [.changesSession, .survivesFailure]
        // The text that runs may be anything.
        case "prepare", "execute":
            [.changesSession, .survivesFailure, .changesParsing, .setsRole, .changesZone, .locksTables]
        // UNLOCK, DEALLOCATE, and what the driver does not know.
        default: [.changesSession, .changesParsing]
        }
    }

    private static func traits(ofWord word: String) -> Self {
        switch word {
        case "temporary": [.changesSession]
        case _ where lockFunctions.contains(word): [.changesSession, .survivesFailure]
        // BEGIN NOT ATOMIC: a block of statements.
        case "atomic": [.changesSession, .survivesFailure, .changesParsing, .sets, .callsProcedure]
        case "role": [.namesRole]
        case "time_zone": [.namesZone]
        case "into", "update", "delete", "insert", "replace", "nextval", "setval": [.mayWrite]
        case "ignore", "duplicate", "returning", "select": [.variesInRows]
        case "values", "value": [.namesValues]
        default: []
        }
    }
}
