/// Splits SQL text into words, names, constants and signs, without comments and white space, as a server's lexer does.
/// What the words mean is left to the driver.
///
/// Text that the server may read differently leaves ``isUnderstood`` false: after it, nothing can be relied on.
@_spi(Driver)
public struct SQLLexer: Sendable {
    /// A part of the text.
    public enum Token: Sendable, Equatable {
        /// A name, a keyword or, by ``Rules/digitsBeginWords``, a number. ASCII letters are in lower case. Other
        /// letters stay as they are, because only some of the servers' encodings know their case.
        case word(String)
        /// A name in quotes, which is no keyword; by ``Rules/stringsInDoubleQuotes``, perhaps a string.
        case quoted(String)
        /// A string, or a placeholder such as `$1`.
        case constant
        /// The operator `::`.
        case cast
        /// `@@`, before the name of a system variable.
        case systemVariable
        /// One ASCII character of anything else: operators, parentheses, the digits of numbers.
        case symbol(Unicode.Scalar)
        /// A semicolon.
        case endOfStatement
    }

    private let bytes: [UInt8]
    private let rules: Rules
    private var position = 0
    /// False once a text has occurred that the server may read differently from this lexer.
    public private(set) var isUnderstood = true
    /// True once a string without a prefix contains a backslash, which is an escape or an ordinary character, depending
    /// on a setting. The lexer reads it as an ordinary character.
    public private(set) var hasBackslash = false
    /// True if white space or a comment precedes the latest token.
    public private(set) var hasGap = false
    /// True directly after a string with escapes, which a further string on another line would continue.
    private var isAfterEscapes = false

    /// Begins at the start of `text`.
    public init(_ text: String, _ rules: Rules) {
        bytes = Array(text.utf8)
        self.rules = rules
    }

    /// Takes the next token; nil at the end of the text.
    public mutating func next() -> Token? {
        let start = position
        skipSpace()
        hasGap = position > start
        guard let byte = peek(0) else { return nil }
        if isAfterEscapes, byte == UInt8(ascii: "'") { isUnderstood = false }
        isAfterEscapes = false
        return token(byte)
    }

    /// True if the next token begins with this ASCII character. Skips the white space and comments before it, which
    /// ``hasGap`` does not see then.
    public mutating func isNext(_ symbol: Unicode.Scalar) -> Bool {
        skipSpace()
        return peek(0) == UInt8(ascii: symbol)
    }

    /// The next token, without taking it.
    public func following() -> Token? {
        var copy = self
        return copy.next()
    }

    /// Goes to the first statement at or after `offset`, behind white space, comments and semicolons, and returns its
    /// offset; nil if there is none. Offsets count bytes of UTF-8.
    public mutating func startOfStatement(from offset: Int) -> Int? {
        position = offset
        while isNext(";") { position += 1 }
        return position < bytes.count ? position : nil
    }

    private func peek(_ distance: Int) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek(0) == byte else { return false }
        position += 1
        return true
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func beginsWord(_ byte: UInt8) -> Bool {
        isLetter(byte) || rules.contains(.digitsBeginWords) && (isDigit(byte) || byte == UInt8(ascii: "$"))
    }

    // MARK: Tokens

    private mutating func token(_ byte: UInt8) -> Token {
        switch byte {
        case UInt8(ascii: "'"):
            skipString()
            return .constant
        case UInt8(ascii: "\""): return .quoted(quotedName(isString: rules.contains(.stringsInDoubleQuotes)))
        case UInt8(ascii: "`") where rules.contains(.backticks): return .quoted(quotedName(isString: false))
        case UInt8(ascii: "$") where rules.contains(.dollarQuotes):
            skipAfterDollar()
            return .constant
        case _ where beginsWord(byte): return afterLetter()
        default:
            position += 1
            return sign(byte)
        }
    }

    private mutating func sign(_ byte: UInt8) -> Token {
        switch byte {
        case UInt8(ascii: ";"): return .endOfStatement
        case UInt8(ascii: ":") where take(byte): return .cast
        case UInt8(ascii: "@") where take(byte): return .systemVariable
        default:
            if byte == 0 { isUnderstood = false }
            return .symbol(Unicode.Scalar(byte))
        }
    }

    private mutating func afterLetter() -> Token {
        let word = word()
        guard rules.contains(.prefixedStrings) else { return .word(word) }
        if word == "e", peek(0) == UInt8(ascii: "'") {
            skipStringWithEscapes()
            isAfterEscapes = true
            return .constant
        }
        // U&"…" and U&'…' have escapes of their own, which UESCAPE can change.
        if word == "u", peek(0) == UInt8(ascii: "&"), peek(1) == UInt8(ascii: "'") || peek(1) == UInt8(ascii: "\"") {
            isUnderstood = false
        }
        return .word(word)
    }

    private mutating func word() -> String {
        let start = position
        while let byte = peek(0), isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "$") { position += 1 }
        let isUpper = { (byte: UInt8) in (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
        return String(decoding: bytes[start..<position].lazy.map { isUpper($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private mutating func quotedName(isString: Bool) -> String {
        let quote = bytes[position]
        var name: [UInt8] = []
        position += 1
        while let byte = peek(0) {
            position += 1
            // A doubled quote stands for one.
            if byte == quote, !take(quote) { return String(decoding: name, as: UTF8.self) }
            if isString, byte == UInt8(ascii: "\\") { hasBackslash = true }
            name.append(byte)
        }
        isUnderstood = false
        return ""
    }

    // MARK: Strings

    /// Skips a string. A doubled quote begins another string, which is skipped as well.
    private mutating func skipString() {
        position += 1
        while let byte = peek(0) {
            position += 1
            if byte == UInt8(ascii: "'") { return }
            if byte == UInt8(ascii: "\\") { hasBackslash = true }
        }
        isUnderstood = false
    }

    private mutating func skipStringWithEscapes() {
        position += 1
        while let byte = peek(0) {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "'"), !take(byte) { return }
        }
        isUnderstood = false
    }

    /// Skips `$1`, or `$tag$ … $tag$`. The tag may be empty, and must not begin with a digit.
    private mutating func skipAfterDollar() {
        let start = position
        position += 1
        guard let first = peek(0), isLetter(first) || first == UInt8(ascii: "$") else {
            while let byte = peek(0), isDigit(byte) { position += 1 }
            return
        }
        while let byte = peek(0), isLetter(byte) || isDigit(byte) { position += 1 }
        if take(UInt8(ascii: "$")) {
            let tag = bytes[start..<position]
            while position < bytes.count {
                if bytes[position] == UInt8(ascii: "$"), bytes[position...].starts(with: tag) {
                    position += tag.count
                    return
                }
                position += 1
            }
        }
        isUnderstood = false
    }

    // MARK: Between tokens

    private mutating func skipSpace() {
        while let byte = peek(0) {
            switch byte {
            case UInt8(ascii: " "), 0x09...0x0D: position += 1
            case UInt8(ascii: "-") where peek(1) == byte && dashesBeginComment: skipLine()
            case UInt8(ascii: "#") where rules.contains(.hashComments): skipLine()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): skipComment()
            case 0xEF where rules.contains(.byteOrderMarks) && peek(1) == 0xBB && peek(2) == 0xBF: position += 3
            default: return
            }
        }
    }

    private var dashesBeginComment: Bool {
        guard rules.contains(.dashesNeedSpace), let byte = peek(2) else { return true }
        return byte <= UInt8(ascii: " ") || byte == 127
    }

    /// Skips a comment to the end of its line.
    private mutating func skipLine() {
        while let byte = peek(0), byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\r") {
                if rules.contains(.returnsEndLines) { return }
                if rules.contains(.unclearReturns), peek(1) != UInt8(ascii: "\n") { isUnderstood = false }
            }
            if byte == 0 { isUnderstood = false }
            position += 1
        }
    }

    private mutating func skipComment() {
        if rules.contains(.executedComments), let first = peek(2), "!+M".utf8.contains(first) { isUnderstood = false }
        var depth = 0
        while let byte = peek(0) {
            if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*"), depth == 0 || rules.contains(.nestedComments) {
                depth += 1
                position += 2
            } else if byte == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
                if depth == 0 { return }
            } else {
                position += 1
            }
        }
        isUnderstood = false
    }
}
