/// A piece of text that no log, error or debugger shows.
public struct PoolSecret: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The secret in clear; read it only to send it.
    public let text: String

    /// Makes a secret of `text`.
    public init(_ text: String) {
        self.text = text
    }

    /// Makes a secret of a literal, for tests and examples.
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension PoolSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(hidden)" }
    public var debugDescription: String { description }
    /// A mirror without children, so that `dump` and debuggers do not show the text.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
