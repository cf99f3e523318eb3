/// How a database writes placeholders and quotes identifiers.
public struct SQLDialect: Sendable, Hashable {
    /// What stands in the text for a bind value.
    public enum Placeholder: Sendable, Hashable {
        /// `?` for each bind value, in order.
        case questionMark
        /// `$1`, `$2`, `$3` and so on.
        case dollarNumber
    }

    /// How placeholders are written.
    public let placeholder: Placeholder
    /// What an identifier is put between; it is doubled where it occurs inside.
    public let identifierQuote: Character
    /// Known once, since to compare characters takes longer than all else that rendering does.
    let usesANSIQuote: Bool

    /// The dialect that writes both in this way.
    public init(placeholder: Placeholder, identifierQuote: Character) {
        self.placeholder = placeholder
        self.identifierQuote = identifierQuote
        usesANSIQuote = identifierQuote == "\""
    }

    /// `?` and `"`: the form in which ``SQL`` keeps its text, so that rendering it costs nothing.
    public static let ansi = SQLDialect(placeholder: .questionMark, identifierQuote: "\"")
}
