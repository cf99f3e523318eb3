@_spi(Driver) internal import PoolSQL

extension SQLLexer.Rules {
    /// The rules of PostgreSQL: https://www.postgresql.org/docs/current/sql-syntax-lexical.html
    static let postgres: Self = [.returnsEndLines, .nestedComments, .dollarQuotes, .prefixedStrings]
}

/// Derives the effects of statements from their tokens.
///
/// The reader knows a few kinds of statements, and places in which a name before a parenthesis is no function.
/// Anything else counts as a change of the session.
struct StatementReader {
    typealias Token = SQLLexer.Token

    var lexer: SQLLexer
    var traits: StatementTraits = []
    /// The latest token of the statement; nil at its beginning.
    var previous: Token?
    /// The level of the statement itself, and one for each open parenthesis.
    private var levels = [Level()]
    /// True once `DISTINCT ON` has occurred, after whose parentheses an expression begins.
    private var hasDistinctOn = false
    /// True if the statement may change rows.
    private var writes = false
    /// True if the statement may name a system table or view.
    private var namesCatalog = false
    private var isPlain = true

    private struct Level {
        /// True between a `WITH` and the statement that it is for.
        var isWithList = false
        /// The words of which one must follow the closing parenthesis; otherwise the name before the opening one is a
        /// function.
        var closing: [String]?
    }

    init(_ text: String) {
        lexer = SQLLexer(text, .postgres)
    }

    /// Reads all statements.
    mutating func read() -> StatementTraits {
        var count = 0
        while let token = lexer.next() {
            switch token {
            case .endOfStatement: endStatement()
            // A parenthesis around a query.
            case .symbol("("): open()
            case .word(let word):
                count += 1
                readCommand(word)
                readRest()
            default:
                count += 1
                noteChange()
                readRest()
            }
        }
        endStatement()
        if !lexer.isUnderstood { noteChange() }
        if lexer.hasBackslash { traits.insert(.needsStandardStrings) }
        if count != 1 || traits.contains(.mayWrite) { traits.remove(.onlyReads) }
        if count == 1, isPlain, traits.isDisjoint(with: [.mayChangeSession, .copies, .needsStandardStrings]) {
            traits.insert(.isPlain)
        }
        return traits
    }

    private mutating func endStatement() {
        // Views such as pg_settings accept changes.
        if writes, namesCatalog { noteChange() }
        (levels, previous, hasDistinctOn, writes, namesCatalog) = ([Level()], nil, false, false, false)
    }

    /// Notes something that is not known to keep the session.
    mutating func noteChange() { traits.insert(.mayChangeSession) }

    /// Notes a statement that is neither a query nor a change of rows.
    mutating func noteNoQuery() { isPlain = false }

    mutating func noteWrite() { writes = true }

    /// Begins a possible list of `WITH`.
    mutating func beginWithList() { levels[levels.count - 1].isWithList = true }

    // MARK: After the first word

    /// Reads to the end of the statement.
    private mutating func readRest() {
        while let token = lexer.next() {
            switch token {
            case .endOfStatement: return endStatement()
            case .word(let word): readWord(word)
            case .quoted: readName(token)
            case .symbol("("): open()
            case .symbol(")"): close()
            case .constant, .cast, .systemVariable, .symbol: break
            }
            previous = token
        }
    }

    private mutating func open(closing: [String]? = nil) {
        levels.append(Level(closing: closing))
    }

    private mutating func close() {
        // A surplus parenthesis is an error for the server.
        guard levels.count > 1, let level = levels.popLast() else { return noteChange() }
        guard let closing = level.closing else { return }
        if case .word(let word) = lexer.following(), closing.contains(word) { return }
        noteUnknownCall()
    }

    private mutating func readWord(_ word: String) {
        switch word {
        case "with" where previous == .symbol("("): beginWithList()
        case "select", "values", "table": levels[levels.count - 1].isWithList = false
        case "insert", "update", "delete", "merge":
            levels[levels.count - 1].isWithList = false
            traits.insert(.mayWrite)
            writes = true
            if word == "insert" { takeColumns(closing: ["values", "overriding"]) }
        case "into":
            traits.insert(.mayWrite)
            // SELECT … INTO makes a table.
            if previous == .word("insert") || previous == .word("merge") { readTarget() } else { noteChange() }
        case "distinct" where lexer.following() == .word("on"): hasDistinctOn = true
        case "conflict" where previous == .word("on"): takeColumns(closing: ["do"])
        default: readName(.word(word))
        }
    }

    /// Reads a table, and perhaps its columns in parentheses.
    mutating func readTarget() {
        var hasName = false
        while let token = lexer.following() {
            switch token {
            case .word("only"): break
            case .word, .quoted:
                if hasName { return }
                note(token)
                hasName = true
            case .symbol("."): hasName = false
            case .symbol("("):
                _ = lexer.next()
                return open()
            default: return
            }
            _ = lexer.next()
        }
    }

    /// Takes a parenthesis that follows immediately. It contains a list of columns if one of the words `closing`
    /// comes after it, and else the arguments of a function.
    private mutating func takeColumns(closing: [String]) {
        guard lexer.isNext("(") else { return }
        _ = lexer.next()
        open(closing: closing)
    }

    // MARK: Names

    /// Reads a name with its qualifiers, and decides whether it is a function that is called.
    private mutating func readName(_ first: Token) {
        let before = previous
        let namedCatalog = namesCatalog
        var names = [first]
        note(first)
        while lexer.isNext(".") {
            _ = lexer.next()
            switch lexer.following() {
            case .word(let name)?: names.append(.word(name))
            case .quoted(let name)?: names.append(.quoted(name))
            default: return
            }
            _ = lexer.next()
            note(names[names.count - 1])
        }
        guard lexer.isNext("(") else { return }
        if names.count == 1, isSyntax(first, after: before) { return }
        // The name is a type or an alias.
        if before == .word("as") || before == .cast || levels[levels.count - 1].isWithList { return }
        // The name is an alias, or OVER or FILTER.
        if before == .symbol(")"), !hasDistinctOn { return }
        if names.count == 2, first == .word("pg_catalog") { names.removeFirst() }
        guard names.count == 1, before != .symbol("."),
            let kind = HarmlessFunctions.kind(of: names[0])
        else { return noteUnknownCall() }
        if kind == .acts { isPlain = false }
        namesCatalog = namedCatalog
    }

    private mutating func noteUnknownCall() {
        isPlain = false
        noteChange()
    }

    /// True for words that are no functions at their place.
    private func isSyntax(_ name: Token, after before: Token?) -> Bool {
        guard case .word(let word) = name else { return false }
        switch word {
        case "by": return ["group", "order", "partition"].contains { before == .word($0) }
        case "cube", "rollup": return before == .word("by")
        case "sets": return before == .word("grouping")
        case "join":
            var ahead = lexer
            _ = ahead.next()
            return ["select", "values", "with", "table"].contains { ahead.following() == .word($0) }
        default: return SyntaxWords.contains(word)
        }
    }

    private mutating func note(_ name: Token) {
        guard case .word(let text) = name else {
            if case .quoted(let text) = name { note(text) }
            return
        }
        note(text)
    }

    private mutating func note(_ name: String) {
        if name.utf8.starts(with: "pg_".utf8) || name == "information_schema" { namesCatalog = true }
        // Tables, functions and types of the session.
        if name.utf8.starts(with: "pg_temp".utf8) { noteChange() }
        if name == "set_config" { traits.insert(.changesNames) }
        if name == "nextval" || name == "setval" { traits.insert(.mayWrite) }
        if HarmlessFunctions.cannotBeUndone.contains(name) { traits.insert(.cannotBeUndone) }
    }
}
