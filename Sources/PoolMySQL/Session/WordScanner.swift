/// Takes the words of statements, in lower case, as the server's lexer finds them:
/// https://mariadb.com/kb/en/comment-syntax/ and https://mariadb.com/kb/en/string-literals/
struct WordScanner {
    enum Token: Equatable {
        case word(String)
        /// A quoted name that a parenthesis follows, or a comment before it: the server takes it for a function's too.
        case function(String)
        /// `@name`, but not `@@name`, a system variable.
        case userVariable
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
            case UInt8(ascii: "'"): skipString(byte)
            // In the mode ANSI_QUOTES it is a name.
            case UInt8(ascii: "\""):
                let start = index + 1
                skipString(byte)
                if let name = functionName(from: start) { return .function(name) }
            case UInt8(ascii: "`"):
                let start = index + 1
                skipIdentifier()
                if let name = functionName(from: start) { return .function(name) }
            case UInt8(ascii: "#"): skipLine()
            case UInt8(ascii: "-") where peek(1) == byte && isSpace(peek(2)): skipLine()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): skipComment()
            case UInt8(ascii: "@"):
                if skipVariable() { return .userVariable }
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

    /// The end of the text counts as one.
    private func isSpace(_ byte: UInt8?) -> Bool { byte.map { $0 <= UInt8(ascii: " ") } ?? true }

    private mutating func word() -> String {
        let start = index
        while index < bytes.count, isWordByte(bytes[index]) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
    }

    /// True for a variable of the user's. What follows the sign, quoted or not, is taken with the next token.
    private mutating func skipVariable() -> Bool {
        let isSystem = peek(1) == UInt8(ascii: "@")
        index += isSystem ? 2 : 1
        return !isSystem
    }

    /// A doubled quote begins another string, which is skipped as well. In the mode NO_BACKSLASH_ESCAPES the end is found too
    /// late where a string ends with a backslash.
    private mutating func skipString(_ quote: UInt8) {
        index += 1
        while index < bytes.count, bytes[index] != quote {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        index += 1
    }

    private mutating func skipIdentifier() {
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "`") { index += 1 }
        index += 1
    }

    /// What was quoted, if it may be the name of a function.
    private func functionName(from start: Int) -> String? {
        var next = index
        while next < bytes.count, isSpace(bytes[next]) { next += 1 }
        guard next < bytes.count, start < index, "(/#-".utf8.contains(bytes[next]) else { return nil }
        return String(decoding: bytes[start..<(index - 1)], as: UTF8.self).lowercased()
    }

    private mutating func skipLine() {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    }

    /// What is in `/*! … */` and `/*M! … */` is run; its end is skipped as signs of no meaning.
    private mutating func skipComment() {
        if peek(2) == UInt8(ascii: "!") || (peek(2) == UInt8(ascii: "M") && peek(3) == UInt8(ascii: "!")) {
            index += peek(2) == UInt8(ascii: "!") ? 3 : 4
            return
        }
        index += 2
        while index < bytes.count, !(bytes[index] == UInt8(ascii: "*") && peek(1) == UInt8(ascii: "/")) { index += 1 }
        index += 2
    }
}
