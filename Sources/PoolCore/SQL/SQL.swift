/// A statement and its bind values.
public struct SQL: Sendable, ExpressibleByStringLiteral {
    let text: String
    public init(stringLiteral value: String) { text = value }

    /// The statement's text in `dialect`, and the values for its placeholders in order.
    public func rendered(in dialect: SQLDialect) throws -> (text: String, binds: [SQLValue]) { (text, []) }
}

/// How a database writes placeholders and quotes identifiers.
public struct SQLDialect: Sendable, Hashable {
    public enum Placeholder: Sendable, Hashable { case questionMark, dollarNumber }
    public let placeholder: Placeholder
    public let identifierQuote: Character
    public init(placeholder: Placeholder, identifierQuote: Character) {
        self.placeholder = placeholder
        self.identifierQuote = identifierQuote
    }
}
