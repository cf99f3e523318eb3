/// Scans statements for words, in lower case, as the server's lexer does in every SQL mode:
/// https://mariadb.com/kb/en/comment-syntax/ and https://mariadb.com/kb/en/string-literals/
///
/// Text whose meaning depends on the SQL mode, and comments that the server executes, are not modelled: they give
/// ``Token/unclear``, after which nothing can be relied on.
struct WordScanner {
    enum Token: Equatable {
        /// A word or a number.
        case word(String)
        /// A name in backticks, or text in double quotes, which is a name in the mode ANSI_QUOTES and a string
        /// otherwise.
        case quoted
        case text
        case opening
        case dot
        /// `@@`, before the name of a system variable.
        case systemVariable
        case sign
        /// A sign that occurs only when a user variable is read or assigned, or in another dialect.
        case unknownSign
        case endOfStatement
        case unclear
    }

    private let bytes: [UInt8]
    private var index = 0
    /// True if white space or a comment precedes the latest token.
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
        // A backslash or a control character.
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

    /// True for a byte after which two hyphens begin a comment. The end of the text counts as one.
    private func isBlank(_ byte: UInt8?) -> Bool { byte.map { $0 <= UInt8(ascii: " ") || $0 == 127 } ?? true }

    private mutating func word() -> String {
        let start = index
        while let byte = peek(0), isWordByte(byte) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
    }

    /// Skips a quoted string; a doubled quote begins another, which is skipped as well. False if the end is missing,
    /// or at a backslash, whose meaning depends on the mode NO_BACKSLASH_ESCAPES.
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

    /// Skips a comment to the end of its line. False if it is unclear what ends the line.
    private mutating func skipLine() -> Bool {
        while let byte = peek(0), byte != UInt8(ascii: "\n") {
            if byte == 0 || (byte == UInt8(ascii: "\r") && peek(1) != UInt8(ascii: "\n")) { return false }
            index += 1
        }
        return true
    }

    /// Skips a comment. False if the server executes it, if it is a hint, or if its end is missing.
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
