/// A database's form of placeholders and quoted identifiers.
public struct SQLDialect: Sendable, Hashable {
    /// The text that stands for a bind value.
    @nonexhaustive
    public enum Placeholder: Sendable, Hashable {
        /// `?` for each bind value, in order.
        case questionMark
        /// `$1`, `$2`, `$3` and so on.
        case dollarNumber
    }

    /// The form of placeholders.
    public let placeholder: Placeholder
    /// The quotation mark around an identifier; it is doubled inside.
    public let identifierQuote: Character
    /// Computed once: comparing characters takes longer than the rest of rendering.
    let usesANSIQuote: Bool

    /// Makes the dialect that writes both in this way.
    public init(placeholder: Placeholder, identifierQuote: Character) {
        self.placeholder = placeholder
        self.identifierQuote = identifierQuote
        usesANSIQuote = identifierQuote == "\""
    }

    /// The dialect with `?` and `"`: the form in which ``SQL`` keeps its text, so that rendering it costs nothing.
    public static let ansi = SQLDialect(placeholder: .questionMark, identifierQuote: "\"")

    /// The name in quotation marks, as an identifier of the dialect. The name must not hold a zero byte.
    @_spi(Driver)
    public func quoted(_ name: String) -> String {
        var text = ""
        append(quoted: name, to: &text)
        return text
    }

    func append(quoted name: String, to text: inout String) {
        let quote = String(identifierQuote)
        text += quote
        // By scalars: a quotation mark with a combining accent is one character, and still ends a quoted name.
        for scalar in name.unicodeScalars {
            text.unicodeScalars.append(scalar)
            if quote.unicodeScalars.elementsEqual(CollectionOfOne(scalar)) { text += quote }
        }
        text += quote
    }
}
