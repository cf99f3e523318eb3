/// Takes the words of statements, in lower case, as the server's lexer finds them in every SQL mode:
/// https://mariadb.com/kb/en/comment-syntax/ and https://mariadb.com/kb/en/string-literals/
///
/// What means one thing in one mode and another in another, and what is run although it looks like a comment, it does
/// not model: that is ``Token/unclear``, and nothing after it can be relied on.
struct WordScanner {
    enum Token: Equatable {
        /// Also a number.
        case word(String)
        /// A name in backticks, or what is between double quotes, which is a name in the mode ANSI_QUOTES and a text
        /// otherwise.
        case quoted
        case text
        case opening
        case dot
        /// `@@`, before the name of a system variable.
        case systemVariable
        case sign
        /// What only stands where a variable of the user's is read or assigned, or the dialect is another.
        case unknownSign
        case endOfStatement
        case unclear
    }

    private let bytes: [UInt8]
    private var index = 0
    /// True if something stood between the latest token and the one before.
    private(set) var hasGap = false

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func next() -> Token? {
        hasGap = false
        while let byte = peek(0) {
            switch byte {
            case UInt8(ascii: " "), 9...13: index += 1
            case UInt8(ascii: "#"):
                guard skipLine() else { return .unclear }
            case UInt8(ascii: "-") where peek(1) == byte && isBlank(peek(2)):
                guard skipLine() else { return .unclear }
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
                guard skipComment() else { return .unclear }
            case _ where isWordByte(byte): return .word(word())
            default: return sign(byte)
            }
            hasGap = true
        }
        return nil
    }

    private mutating func sign(_ byte: UInt8) -> Token {
        index += 1
        switch byte {
        case UInt8(ascii: "'"): return skipQuoted(byte) ? .text : .unclear
        case UInt8(ascii: "\""): return skipQuoted(byte) ? .quoted : .unclear
        case UInt8(ascii: "`"): return skipName() ? .quoted : .unclear
        case UInt8(ascii: "("): return .opening
        case UInt8(ascii: "."): return .dot
        case UInt8(ascii: ";"): return .endOfStatement
        case UInt8(ascii: "@") where peek(0) == byte:
            index += 1
            return .systemVariable
        case _ where Self.signs.contains(byte): return .sign
        case UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "{"), UInt8(ascii: "}"): return .unknownSign
        // A backslash, a control character.
        default: return .unclear
        }
    }

    private static let signs: Set<UInt8> = Set("),+-*/%=<>!|&^~?".utf8)

    private func peek(_ distance: Int) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }

    /// What makes two hyphens a comment. The end of the text counts as one.
    private func isBlank(_ byte: UInt8?) -> Bool { byte.map { $0 <= UInt8(ascii: " ") || $0 == 127 } ?? true }

    private mutating func word() -> String {
        let start = index
        while let byte = peek(0), isWordByte(byte) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
    }

    /// A doubled quote begins another string, which is skipped as well. False without an end, and with a backslash,
    /// which hides what follows but in the mode NO_BACKSLASH_ESCAPES.
    private mutating func skipQuoted(_ quote: UInt8) -> Bool {
        while let byte = peek(0), byte != UInt8(ascii: "\\") {
            index += 1
            if byte == quote { return true }
        }
        return false
    }

    private mutating func skipName() -> Bool {
        while let byte = peek(0) {
            index += 1
            if byte == UInt8(ascii: "`") { return true }
        }
        return false
    }

    /// False where it is not clear what ends the line.
    private mutating func skipLine() -> Bool {
        while let byte = peek(0), byte != UInt8(ascii: "\n") {
            if byte == 0 || (byte == UInt8(ascii: "\r") && peek(1) != UInt8(ascii: "\n")) { return false }
            index += 1
        }
        return true
    }

    /// False for what is run, or is a hint to the server, and without an end.
    private mutating func skipComment() -> Bool {
        index += 2
        if let first = peek(0), "!+M".utf8.contains(first) { return false }
        while let byte = peek(0) {
            index += 1
            if byte == UInt8(ascii: "*"), peek(0) == UInt8(ascii: "/") {
                index += 1
                return true
            }
        }
        return false
    }
}
