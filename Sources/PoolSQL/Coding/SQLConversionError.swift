/// A value that a type cannot hold. ``SQLDecodingError`` adds the place where the value was found.
public struct SQLConversionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name of the Swift type.
    public let expectedType: String
    /// The kind of value that was there: ``SQLValue/typeName``.
    public let actualType: String
    /// The details, in words. Never shows the value, which may be a secret.
    public let reason: String?

    /// Reports a value that a type cannot hold.
    ///
    /// - Parameter reason: the fault, if the types alone do not tell it. Leave the value itself out.
    public init(expected: Any.Type, actual: SQLValue, reason: String? = nil) {
        expectedType = String(describing: expected)
        actualType = actual.typeName
        self.reason = reason
    }

    public var description: String {
        "expected \(expectedType), found \(actualType)" + (reason.map { ": \($0)" } ?? "")
    }
}
