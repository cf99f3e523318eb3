@_spi(Driver) internal import PoolSQL

/// The effects of a statement, as far as its text shows them without the server.
struct StatementTraits: OptionSet, Sendable, Hashable {
    let rawValue: UInt16

    /// The statement is known to leave the session unchanged, except for a transaction: each of its words is
    /// understood, and all that it calls is known to be harmless. Any other statement counts as a change, even if it
    /// fails. The text does not show what a view, a trigger or a default calls.
    static let keepsSession = Self(rawValue: 1)
    /// The statement only reads: stopping it midway undoes nothing.
    static let onlyReads = Self(rawValue: 2)
    /// The statement reads or writes rows, and calls nothing of the application's.
    static let isPlain = Self(rawValue: 4)
    /// The server can prepare the statement.
    static let isPreparable = Self(rawValue: 8)
    /// The statement inserts the same number of rows whatever the values are, and returns nothing.
    static let isPlainInsert = Self(rawValue: 16)
    /// The statement's rows may come in another time zone than the session's.
    static let changesZone = Self(rawValue: 32)
    /// Statements that were prepared before may mean something else after this one.
    static let changesParsing = Self(rawValue: 64)
    /// The statement may lock tables, which the next begin of a transaction would unlock.
    static let locksTables = Self(rawValue: 128)
    /// The statement names something that no reset undoes.
    static let staysForGood = Self(rawValue: 256)
    /// The statement begins a transaction, and commits the one that is open.
    static let beginsTransaction = Self(rawValue: 512)
    /// If the statement inserts one row, the server reports that row's key.
    static let tellsKey = Self(rawValue: 1_024)
    /// If the statement returns rows, they are those that it has inserted or deleted.
    static let returnsWritten = Self(rawValue: 2_048)
    /// The statement only makes, changes or drops a table or another object, which may be temporary.
    static let onlyDefines = Self(rawValue: 4_096)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    /// True if the statement may leave something in the session that the next lease must not see.
    var changesSession: Bool { !contains(.keepsSession) }

    /// True if the statement may change the session in any way, and the change stays even if the statement fails.
    var mayDoAnything: Bool { isDisjoint(with: [.keepsSession, .onlyDefines]) }

    /// The traits that must hold for each statement, and the traits of a single one.
    private static let ofEach: Self = [.keepsSession, .onlyDefines]
    private static let ofOne: Self = [.onlyReads, .isPlain, .isPreparable, .isPlainInsert, .tellsKey, .returnsWritten]

    /// Reads the words of one or several statements.
    init(of text: String) {
        var lexer = SQLLexer(text, .mysql)
        var traits: Self = [.keepsSession]
        var count = 0
        while let outline = StatementOutline(&lexer) {
            let one = Self(of: outline)
            count += 1
            let common = traits.intersection(one).intersection(Self.ofEach)
            traits = count == 1 ? one : traits.union(one).subtracting(Self.ofEach.union(Self.ofOne)).union(common)
            // After an unclear part, the rest may mean anything.
            if !outline.isClear { break }
        }
        self = traits
    }

    private init(of outline: StatementOutline) {
        let command = outline.start.first ?? ""
        self = Self.traits(ofCommand: command)
        if TransactionWords.begins(outline.start) { insert(.beginsTransaction) }
        if isUnderstood(outline, command) {
            insert(.keepsSession)
            subtractByWords(outline.words)
        } else {
            subtract([.keepsSession, .onlyReads, .isPlain, .isPlainInsert])
            if !outline.isClear { subtract([.tellsKey, .onlyDefines]) }
            subtractByWords(outline.words)
            if mayDoAnything { insertUnknown(outline, command) }
        }
    }

    /// True if the statement is known to keep the session unchanged.
    private mutating func isUnderstood(_ outline: StatementOutline, _ command: String) -> Bool {
        guard outline.isClear else { return false }
        let words = outline.words
        if contains(.keepsSession) {
            let writesInto = words.contains("into") && command != "insert" && command != "replace"
            return !writesInto && !outline.hasUnknownCall && words.isDisjoint(with: Self.changing)
        }
        if Self.isDefinition(outline) {
            insert(.onlyDefines)
            return !words.contains("temporary")
        }
        return TransactionWords.isControl(outline)
    }

    private mutating func subtractByWords(_ words: Set<String>) {
        if !words.isDisjoint(with: ["into", "update", "delete", "insert", "replace"]) { remove(.onlyReads) }
        let variesInRows = !words.isDisjoint(with: ["ignore", "duplicate", "returning", "select"])
        if variesInRows || words.isDisjoint(with: ["values", "value"]) { remove(.isPlainInsert) }
        if !words.isDisjoint(with: ["duplicate", "last_insert_id", "returning"]) { remove(.tellsKey) }
    }

    private mutating func insertUnknown(_ outline: StatementOutline, _ command: String) {
        if !outline.words.isDisjoint(with: ["profiling", "rand_seed1", "rand_seed2"]) { insert(.staysForGood) }
        switch command {
        case "select", "values", "with", "insert", "replace", "update", "delete", "call", "do", "show", "describe",
            "desc",
            "explain", "create", "alter", "drop", "grant", "revoke", "analyze", "check", "optimize", "repair", "load":
            break
        // The executed text may do anything.
        case "prepare", "execute": formUnion([.changesParsing, .locksTables, .changesZone])
        default:
            formUnion([.changesParsing, .locksTables])
            let namesZone = outline.words.contains("time_zone") || outline.hasQuotedName || !outline.isClear
            if namesZone { insert(.changesZone) }
        }
    }

    /// Words that are more than functions' names, and change the session wherever they occur.
    private static let changing: Set<String> = [
        "currval", "dumpfile", "handler", "last_insert_id", "lastval", "nextval", "outfile", "procedure", "setval",
        "temporary",
    ]

    private static func traits(ofCommand word: String) -> Self {
        switch word {
        case "select", "values", "with": [.keepsSession, .isPlain, .onlyReads, .isPreparable]
        case "insert": [.keepsSession, .isPlain, .isPreparable, .isPlainInsert, .tellsKey, .returnsWritten]
        case "replace": [.keepsSession, .isPlain, .isPreparable, .tellsKey, .returnsWritten]
        case "delete": [.keepsSession, .isPlain, .isPreparable, .returnsWritten]
        case "update": [.keepsSession, .isPlain, .isPreparable]
        case "call": [.isPreparable]
        case "show", "describe", "desc", "explain", "do": [.keepsSession]
        default: []
        }
    }

    /// True for a statement that only makes, changes or drops objects outside the session, or a temporary table.
    private static func isDefinition(_ outline: StatementOutline) -> Bool {
        let words = outline.words
        if words.contains("procedure") || words.contains("into") { return false }
        // A definition with a query computes rows, so its calls count; otherwise columns merely look like calls.
        if !words.isDisjoint(with: ["select", "with", "values"]), outline.hasUnknownCall { return false }
        var start = outline.start[...]
        switch start.popFirst() {
        case "create":
            if start.starts(with: ["or", "replace"]) { start = start.dropFirst(2) }
            if ["unique", "fulltext", "temporary"].contains(start.first) { start = start.dropFirst() }
            return ["table", "index", "database", "schema"].contains(start.first)
        case "alter", "rename", "truncate": return start.first == "table"
        case "drop":
            if start.first == "temporary" { start = start.dropFirst() }
            return ["table", "index", "view"].contains(start.first)
        default: return false
        }
    }
}
