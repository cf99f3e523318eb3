/// Splits statements into tokens as the server's scanner does, without comments and white space.
///
/// https://www.postgresql.org/docs/current/sql-syntax-lexical.html
struct TokenScanner {
    enum Token: Equatable {
        /// A name or keyword without quotes, its ASCII letters in lower case.
        case word(String)
        /// A name in quotes, which is no keyword.
        case quoted(String)
        /// A string, or the placeholder of a parameter.
        case constant
        /// The operator `::`.
        case cast
        /// One byte of anything else: operators, parentheses, the digits of numbers.
        case symbol(UInt8)
        case endOfStatement
    }

    private let bytes: [UInt8]
    private var index = 0
    /// False once a text has occurred that the server may read differently from this scanner.
    private(set) var isUnderstood = true
    /// True once a string contains a backslash that is an ordinary character, unless `standard_conforming_strings` is
    /// off.
    private(set) var needsStandardStrings = false
    /// True directly after a string with escapes, which a further string on another line would continue.
    private var isAfterEscapes = false

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func next() -> Token? {
        skipSpace()
        guard let byte = peek(0) else { return nil }
        if isAfterEscapes, byte == UInt8(ascii: "'") { isUnderstood = false }
        isAfterEscapes = false
        return token(byte)
    }

    /// True if the next token begins with this byte.
    mutating func isNext(_ symbol: UInt8) -> Bool {
        skipSpace()
        return peek(0) == symbol
    }

    /// The next token, without taking it.
    func following() -> Token? {
        var copy = self
        return copy.next()
    }

    private mutating func token(_ byte: UInt8) -> Token {
        switch byte {
        case UInt8(ascii: ";"):
            index += 1
            return .endOfStatement
        case UInt8(ascii: "'"):
            skipString()
            return .constant
        case UInt8(ascii: "\""): return .quoted(quotedName())
        case UInt8(ascii: "$"): return afterDollar()
        case UInt8(ascii: ":") where peek(1) == byte:
            index += 2
            return .cast
        case _ where isLetter(byte): return afterLetter()
        default:
            if byte == 0 { isUnderstood = false }
            index += 1
            return .symbol(byte)
        }
    }

    private func peek(_ distance: Int) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    // MARK: Words

    private mutating func afterLetter() -> Token {
        let word = word()
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

    /// Reads a word. Letters beyond ASCII stay as they are: only some of the server's encodings know their case.
    private mutating func word() -> String {
        let start = index
        while let byte = peek(0), isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "$") { index += 1 }
        let isUpper = { (byte: UInt8) in (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
        return String(decoding: bytes[start..<index].lazy.map { isUpper($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private mutating func quotedName() -> String {
        var name: [UInt8] = []
        index += 1
        while let byte = peek(0) {
            index += 1
            if byte == UInt8(ascii: "\"") {
                guard peek(0) == byte else { return String(decoding: name, as: UTF8.self) }
                index += 1
            }
            name.append(byte)
        }
        isUnderstood = false
        return ""
    }

    // MARK: Strings

    /// Skips a string. A doubled quote begins another string, which is skipped as well.
    private mutating func skipString() {
        index += 1
        while let byte = peek(0) {
            index += 1
            if byte == UInt8(ascii: "'") { return }
            if byte == UInt8(ascii: "\\") { needsStandardStrings = true }
        }
        isUnderstood = false
    }

    private mutating func skipStringWithEscapes() {
        index += 1
        while let byte = peek(0) {
            index += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "'") {
                guard peek(0) == byte else { return }
                index += 1
            }
        }
        isUnderstood = false
    }

    /// Reads `$1`, or `$tag$ … $tag$`. The tag may be empty, and must not begin with a digit.
    private mutating func afterDollar() -> Token {
        let start = index
        index += 1
        guard let first = peek(0), isLetter(first) || first == UInt8(ascii: "$") else {
            while let byte = peek(0), isDigit(byte) { index += 1 }
            return .constant
        }
        while let byte = peek(0), isLetter(byte) || isDigit(byte) { index += 1 }
        guard peek(0) == UInt8(ascii: "$") else {
            isUnderstood = false
            return .constant
        }
        index += 1
        let tag = bytes[start..<index]
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "$"), bytes[index...].starts(with: tag) {
                index += tag.count
                return .constant
            }
            index += 1
        }
        isUnderstood = false
        return .constant
    }

    // MARK: Between tokens

    private mutating func skipSpace() {
        while let byte = peek(0) {
            switch byte {
            case UInt8(ascii: "-") where peek(1) == byte: skipLine()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): skipComment()
            case UInt8(ascii: " "), 0x09...0x0D: index += 1
            default: return
            }
        }
    }

    /// Skips a comment to the end of its line, which a carriage return ends too.
    private mutating func skipLine() {
        while let byte = peek(0), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { index += 1 }
    }

    /// Skips a comment, which may contain others.
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
        isUnderstood = false
    }
}
