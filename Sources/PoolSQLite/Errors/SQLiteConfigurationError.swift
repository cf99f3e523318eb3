/// A configuration with a value that cannot work.
public struct SQLiteConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The property's name.
    public let property: String
    /// The value that was given.
    public let value: String
    /// What the value must be.
    public let rule: String

    init(_ property: String, _ value: some Any, _ rule: String) {
        self.property = property
        self.value = String(describing: value)
        self.rule = rule
    }

    public var description: String {
        "SQLiteConfiguration.\(property) is \(value), but \(rule)"
    }
}
