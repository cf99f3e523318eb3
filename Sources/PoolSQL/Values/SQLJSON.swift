/// The text of a JSON document, kept as it is.
///
/// The text is not checked: a database with a JSON type does that. To turn it into values of your own, hand
/// ``text`` to the JSON decoder of your choice.
public struct SQLJSON: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The text of the document.
    public let text: String

    /// Takes any text, JSON or not.
    public init(text: String) {
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }
}
