/// A value that a type cannot hold. ``SQLDecodingError`` adds where the value was found.
public struct SQLConversionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name of the Swift type.
    public let expectedType: String
    /// The kind of value that was there: ``SQLValue/typeName``.
    public let actualType: String
    /// More about it. It never shows the value, which may be a secret.
    public let reason: String?

    /// - Parameter reason: What was wrong where the types alone do not tell. Leave the value itself out.
    public init(expected: Any.Type, actual: SQLValue, reason: String? = nil) {
        expectedType = String(describing: expected)
        actualType = actual.typeName
        self.reason = reason
    }

    public var description: String {
        "expected \(expectedType), found \(actualType)" + (reason.map { ": \($0)" } ?? "")
    }
}
