/// Takes the words of statements, without comments, constants and numbers.
struct WordScanner {
    enum Token: Equatable {
        /// In lower case.
        case word(String)
        /// A name in quotes, which is no keyword.
        case quoted(String)
        case endOfStatement
    }

    private let bytes: [UInt8]
    private var index = 0
    /// True once a parenthesis has come: a function may be called.
    private(set) var hasParenthesis = false

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
            case UInt8(ascii: "'"): skipQuoted(byte)
            case UInt8(ascii: "\""):
                let start = index + 1
                skipQuoted(byte)
                return .quoted(String(decoding: bytes[start..<max(start, index - 1)], as: UTF8.self))
            case UInt8(ascii: "-") where peek(1) == byte: skipLine()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): skipComment()
            case UInt8(ascii: "$") where peek(1) == byte || isLetter(peek(1) ?? 0): skipDollars()
            case _ where isLetter(byte):
                let word = word()
                // E'…': the only constants in which a backslash hides a quote, unless the server is set to its old ways.
                if word == "e", peek(0) == UInt8(ascii: "'") {
                    skipQuoted(UInt8(ascii: "'"), hasEscapes: true)
                } else {
                    return .word(word)
                }
            default:
                if byte == UInt8(ascii: "(") { hasParenthesis = true }
                index += 1
            }
        }
        return nil
    }

    /// Nil at the end of the statement, which stays to be taken.
    mutating func nextInStatement() -> Token? {
        let start = index
        let token = next()
        if token == .endOfStatement {
            index = start
            return nil
        }
        return token
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

    private mutating func word() -> String {
        let start = index
        while let byte = peek(0), isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "$") { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
    }

    /// A doubled quote begins another quoted part, which is skipped as well.
    private mutating func skipQuoted(_ quote: UInt8, hasEscapes: Bool = false) {
        index += 1
        while let byte = peek(0), byte != quote { index += hasEscapes && byte == UInt8(ascii: "\\") ? 2 : 1 }
        index = min(index + 1, bytes.count)
        // The second part of a constant with a quote in it may have escapes too.
        if hasEscapes, peek(0) == quote { skipQuoted(quote, hasEscapes: true) }
    }

    private mutating func skipLine() {
        while let byte = peek(0), byte != UInt8(ascii: "\n") { index += 1 }
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

    /// `$tag$ … $tag$`. The tag may be empty, and may have digits but for its first character.
    private mutating func skipDollars() {
        let start = index
        index += 1
        while let byte = peek(0), isLetter(byte) || isDigit(byte) { index += 1 }
        guard peek(0) == UInt8(ascii: "$") else { return }
        index += 1
        let tag = bytes[start..<index]
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "$"), bytes[index...].starts(with: tag) {
                index += tag.count
                return
            }
            index += 1
        }
    }
}
