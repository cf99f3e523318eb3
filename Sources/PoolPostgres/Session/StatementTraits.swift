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

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads the words of one or several statements, without comments and quoted parts.
    init(of text: String) {
        var scanner = WordScanner(text)
        var traits: Self = []
        var isFirst = true
        var count = 0
        while let token = scanner.next() {
            switch token {
            case .endOfStatement:
                isFirst = true
            case .word(let word):
                if isFirst {
                    traits.formUnion(Self.traits(ofCommand: word, then: &scanner))
                    count += 1
                } else {
                    traits.formUnion(Self.traits(ofWord: word))
                }
                isFirst = false
            }
        }
        if count != 1 || traits.contains(.mayWrite) { traits.remove(.onlyReads) }
        self = traits
    }

    private static func traits(ofCommand word: String, then scanner: inout WordScanner) -> Self {
        switch word {
        case "select", "values", "table": return [.onlyReads]
        case "with", "insert", "update", "delete", "merge", "explain", "show", "create", "drop", "alter", "truncate",
            "comment", "grant", "revoke", "vacuum", "analyze", "cluster", "reindex", "refresh", "copy", "begin",
            "start",
            "commit", "end", "rollback", "abort", "savepoint", "release", "fetch", "move", "close", "lock", "notify",
            "checkpoint", "import", "security", "reassign":
            return []
        case "set":
            // These end with the transaction.
            guard case .word(let next)? = scanner.next() else { return [.changesSession] }
            return ["local", "transaction", "constraints"].contains(next) ? [] : [.changesSession]
        case "prepare", "deallocate", "discard": return [.changesSession, .changesPrepared]
        // They may commit within.
        case "call", "do": return [.changesSession, .survivesFailure]
        // LISTEN, DECLARE, RESET, LOAD, EXECUTE, and what the driver does not know.
        default: return [.changesSession]
        }
    }

    private static func traits(ofWord word: String) -> Self {
        switch word {
        // Temporary tables, and functions that change the session from within a query.
        case "temp", "temporary", "set_config": return [.changesSession]
        case _ where word.hasPrefix("pg_temp"): return [.changesSession]
        case _ where word.contains("advisory") || word.hasPrefix("dblink_"): return [.changesSession, .survivesFailure]
        // SELECT … INTO, and functions with an effect that stays.
        case "into", "nextval", "setval", "insert", "update", "delete", "merge": return [.mayWrite]
        default: return []
        }
    }
}

/// Takes the words of statements, in lower case.
struct WordScanner {
    enum Token {
        case word(String)
        case endOfStatement
    }

    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func next() -> Token? {
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: ";"):
                index += 1
                return .endOfStatement
            case UInt8(ascii: "'"), UInt8(ascii: "\""): skipQuoted(byte)
            case UInt8(ascii: "-") where peek(1) == byte: skipLine()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): skipComment()
            case UInt8(ascii: "$") where !isWordByte(peek(1) ?? 0) || peek(1) == byte || isLetter(peek(1) ?? 0):
                skipDollars()
            case _ where isLetter(byte): return .word(word())
            default: index += 1
            }
        }
        return nil
    }

    private func peek(_ distance: Int) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "$")
    }

    private mutating func word() -> String {
        let start = index
        while index < bytes.count, isWordByte(bytes[index]) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
    }

    /// A doubled quote begins another quoted part, which is skipped as well.
    private mutating func skipQuoted(_ quote: UInt8) {
        index += 1
        while index < bytes.count, bytes[index] != quote { index += 1 }
        index += 1
    }

    private mutating func skipLine() {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    }

    /// Comments may be nested.
    private mutating func skipComment() {
        var depth = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                index += 2
            } else if bytes[index] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                index += 2
                if depth == 0 { return }
            } else {
                index += 1
            }
        }
    }

    /// `$tag$ … $tag$`.
    private mutating func skipDollars() {
        let start = index
        index += 1
        while index < bytes.count, isLetter(bytes[index]) { index += 1 }
        guard peek(0) == UInt8(ascii: "$") else { return }
        index += 1
        let tag = bytes[start..<index]
        while index < bytes.count {
            if bytes[index...].starts(with: tag) {
                index += tag.count
                return
            }
            index += 1
        }
    }
}
