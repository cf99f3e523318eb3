/// A guess at the mistake in a statement that a database cannot read: for the hints that drivers add to an error.
@_spi(Driver)
public struct SQLMistake {
    private let placeholder: SQLDialect.Placeholder
    private var isListMissing = false
    private var hasQuotedPlaceholder = false
    private var hasPlaceholder = false

    /// Examines a text.
    ///
    /// - Parameters:
    ///   - text: the text as it was sent.
    ///   - placeholder: the database's form of placeholders.
    public init(in text: String, placeholder: SQLDialect.Placeholder) {
        self.placeholder = placeholder
        var bytes = Array(text.utf8)[...]
        var quote: UInt8?
        /// The preceding word, in capital letters, if nothing but white space has come since.
        var word = ""
        var isWordOpen = false
        while let byte = bytes.popFirst() {
            if let open = quote {
                if byte == open { quote = nil }
                if open == UInt8(ascii: "'"), Self.isPlaceholder(byte, bytes, placeholder) {
                    hasQuotedPlaceholder = true
                }
                continue
            }
            if Self.isPlaceholder(byte, bytes, placeholder) {
                hasPlaceholder = true
                if word == "IN" { isListMissing = true }
            }
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"):
                quote = byte
                (word, isWordOpen) = ("", false)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
                word = (isWordOpen ? word : "") + String(UnicodeScalar(byte & 0xDF))
                isWordOpen = true
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): isWordOpen = false
            default: (word, isWordOpen) = ("", false)
            }
        }
    }

    private static func isPlaceholder(
        _ byte: UInt8, _ rest: ArraySlice<UInt8>, _ placeholder: SQLDialect.Placeholder
    ) -> Bool {
        switch placeholder {
        case .questionMark: byte == UInt8(ascii: "?")
        case .dollarNumber:
            byte == UInt8(ascii: "$")
                && rest.first.map { UInt8(ascii: "1") <= $0 && $0 <= UInt8(ascii: "9") } ?? false
        }
    }

    /// The hint for a text whose syntax the database does not understand; nil if there is none.
    ///
    /// - Parameter place: the part of the text that the database shows, from the point where it cannot go on.
    public func syntaxHint(from place: Substring) -> String? {
        if isListMissing { return "IN takes a list: write IN \\(binds: values), in the place of IN \\(values)" }
        guard let byte = place.utf8.first, Self.isPlaceholder(byte, Array(place.utf8)[1...], placeholder) else {
            return nil
        }
        return "a placeholder stands for a value that is given with the statement, by \\(value) or "
            + "SQL(raw: text, binds: values); for a name there is \\(identifier: name)"
    }

    /// The hint for a text with more or fewer placeholders than values; nil if there is none.
    public var countHint: String? {
        if hasQuotedPlaceholder {
            return "what is interpolated inside quotation marks is text, and no value: make one value of all that is "
                + "between them, as in LIKE \\(\"%\" + word + \"%\")"
        }
        guard hasPlaceholder else { return nil }
        return "each placeholder takes a value: write \\(value) in its place, or SQL(raw: text, binds: values) for a "
            + "text with placeholders of its own"
    }
}
