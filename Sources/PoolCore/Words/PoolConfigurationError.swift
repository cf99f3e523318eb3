/// A value of a configuration that breaks its rule.
public struct PoolConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The property's name as in code.
    public let property: String
    /// The value, as a text.
    public let value: String
    /// The rule that the value breaks, as the end of a sentence: `must not be empty`.
    public let rule: String

    /// Reports a value that breaks a rule.
    public init(property: String, value: String, rule: String) {
        self.property = property
        self.value = value
        self.rule = rule
    }

    public var description: String {
        "\(property) is \(value), but \(rule)"
    }
}

extension PoolConfigurationError {
    /// Refuses a duration that is zero or less, or longer than ``PoolConfiguration/longestDuration``.
    ///
    /// - Parameters:
    ///   - allowsZero: refuses only what is less than zero.
    ///   - advice: a text for the end of the rule.
    package static func check(
        _ property: String, _ value: Duration, allowsZero: Bool = false, advice: String = ""
    ) throws(PoolConfigurationError) {
        let isLongEnough = allowsZero ? value >= .zero : value > .zero
        guard !isLongEnough || value > PoolConfiguration.longestDuration else { return }
        let least = allowsZero ? "must not be negative" : "must be more than zero"
        throw PoolConfigurationError(
            property: property, value: value.description,
            rule: "\(least), and at most PoolConfiguration.longestDuration (36,500 days)\(advice)")
    }

    /// Refuses a number that is outside `bounds`.
    package static func check(
        _ property: String, _ value: Int, _ bounds: ClosedRange<Int>, advice: String = ""
    ) throws(PoolConfigurationError) {
        guard !(bounds ~= value) else { return }
        throw PoolConfigurationError(
            property: property, value: "\(value)",
            rule: "must be from \(bounds.lowerBound.grouped) to \(bounds.upperBound.grouped)\(advice)")
    }
}

extension Int {
    /// The number with a comma before each group of three digits.
    fileprivate var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }
}
