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
    init?(_ scanner: inout WordScanner) {
        var isEmpty = true
        while let token = scanner.next() {
            if token == .endOfStatement {
                if isEmpty { continue }
                return
            }
            isEmpty = false
            note(token, hasGap: scanner.hasGap)
            if !isClear { return }
        }
        if isEmpty { return nil }
    }

    private mutating func note(_ token: WordScanner.Token, hasGap: Bool) {
        switch token {
        case .word(let word):
            note(word: word)
            return
        case .quoted:
            hasQuotedName = true
            noteName()
            previous = .name
        case .unknownSign:
            hasUnknownCall = true
            target = .none
            previous = .none
        case .opening:
            if isAtStart { return }
            if isCall(hasGap: hasGap) { hasUnknownCall = true }
            target = .none
            previous = .none
        case .dot: previous = .dot
        case .text, .systemVariable, .sign:
            target = .none
            previous = .none
        case .unclear: isClear = false
        case .endOfStatement: break
        }
        isWordsOnly = false
        isAtStart = false
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
