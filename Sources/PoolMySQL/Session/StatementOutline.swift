@_spi(Driver) internal import PoolSQL

extension SQLLexer.Rules {
    /// The rules of MariaDB and MySQL that hold in every SQL mode: https://mariadb.com/kb/en/comment-syntax/ and
    /// https://mariadb.com/kb/en/string-literals/
    static let mysql: Self = [
        .hashComments, .dashesNeedSpace, .unclearReturns, .executedComments, .backticks, .stringsInDoubleQuotes,
        .digitsBeginWords,
    ]
}

/// The words of one statement, without its values and comments.
struct StatementOutline {
    /// The first words, in lower case, up to the first name, value or sign; a leading parenthesis does not count.
    private(set) var start: [String] = []
    /// The words from ``watched`` that occur anywhere in the statement.
    private(set) var words: Set<String> = []
    /// False if the statement contains something that is not modelled.
    private(set) var isClear = true
    /// True if the statement may read or set a user variable, or call a function that is not known to be harmless.
    private(set) var hasUnknownCall = false
    /// True if the statement consists of words only.
    private(set) var isWordsOnly = true
    /// True if a name stands in quotes, or a text in double quotes.
    private(set) var hasQuotedName = false

    private var previous = Previous.none
    private var target = Target.none
    private var isAtStart = true

    private enum Previous: Equatable {
        case none, dot, name
        case word(String, afterDot: Bool)
    }

    /// Whether the next name is that of the table that an `INSERT` writes to, or that of a `WITH`, which columns in
    /// parentheses may follow.
    private enum Target {
        case none, expected, named
    }

    private static let longestStart = 12
    private static let watched: Set<String> = [
        "currval", "delete", "dumpfile", "duplicate", "handler", "ignore", "insert", "into", "last_insert_id",
        "lastval",
        "nextval", "outfile", "procedure", "profiling", "rand_seed1", "rand_seed2", "replace", "returning", "select",
        "setval",
        "temporary", "time_zone", "update", "value", "values", "with",
    ]

    /// Reads to the end of one statement. Nil if there is none.
    init?(_ lexer: inout SQLLexer) {
        var isEmpty = true
        while let token = lexer.next(), Self.isClear(lexer) {
            if token == .endOfStatement {
                if isEmpty { continue }
                return
            }
            isEmpty = false
            note(token, hasGap: lexer.hasGap)
            if !isClear { return }
        }
        isClear = Self.isClear(lexer)
        if isEmpty, isClear { return nil }
    }

    /// False once the text's meaning depends on the SQL mode: a backslash escapes unless it is NO_BACKSLASH_ESCAPES.
    private static func isClear(_ lexer: SQLLexer) -> Bool { lexer.isUnderstood && !lexer.hasBackslash }

    private mutating func note(_ token: SQLLexer.Token, hasGap: Bool) {
        switch token {
        case .word(let word):
            note(word: word)
            return
        case .quoted:
            hasQuotedName = true
            noteName()
            previous = .name
        case .symbol("("):
            if isAtStart { return }
            if isCall(hasGap: hasGap) { hasUnknownCall = true }
            noteSign()
        case .symbol("."): previous = .dot
        case .symbol(let sign) where Self.signs.contains(sign): noteSign()
        // These occur only when a user variable is read or assigned, or in another dialect.
        case .symbol("@"), .symbol(":"), .symbol("{"), .symbol("}"), .cast:
            hasUnknownCall = true
            noteSign()
        // A backslash, a control character, or a sign of another dialect.
        case .symbol: isClear = false
        case .constant, .systemVariable, .endOfStatement: noteSign()
        }
        isWordsOnly = false
        isAtStart = false
    }

    private static let signs = Set("),+-*/%=<>!|&^~?".unicodeScalars)

    private mutating func noteSign() {
        target = .none
        previous = .none
    }

    private mutating func note(word: String) {
        if isWordsOnly && start.count < Self.longestStart { start.append(word) } else { isWordsOnly = false }
        isAtStart = false
        if Self.watched.contains(word) { words.insert(word) }
        // NEXT VALUE FOR and PREVIOUS VALUE FOR use a sequence, whose latest value the session remembers.
        if word == "value", case .word(let before, _) = previous, before == "next" || before == "previous" {
            words.insert("nextval")
        }
        if start.count == 1, isWordsOnly, ["insert", "replace", "with"].contains(word) {
            target = .expected
        } else if !Self.beforeTarget.contains(word) {
            noteName()
        }
        previous = .word(word, afterDot: previous == .dot)
    }

    private static let beforeTarget: Set<String> = [
        "low_priority", "delayed", "high_priority", "ignore", "into", "recursive",
    ]

    private mutating func noteName() {
        switch target {
        case .none: break
        case .expected: target = .named
        case .named: if previous != .dot { target = .none }
        }
    }

    /// True if the next parenthesis may begin the arguments of a function that may do anything.
    private func isCall(hasGap: Bool) -> Bool {
        if target == .named { return false }
        switch previous {
        case .none, .dot: return false
        case .name: return true
        case .word(let word, let afterDot):
            if afterDot { return true }
            return !HarmlessFunctions.isKeyword(word) && (hasGap || !HarmlessFunctions.contains(word))
        }
    }
}
