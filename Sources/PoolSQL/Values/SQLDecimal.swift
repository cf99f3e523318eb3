/// A decimal number of any size and precision, as databases keep them in `NUMERIC` and `DECIMAL`.
///
/// The digits after the point are kept as they were written: `1.50` stays `1.50`. Yet `1.50` and `1.5` are equal, as
/// they are in SQL. For PostgreSQL there are also NaN, which equals itself and is greater than all other numbers
/// (https://www.postgresql.org/docs/current/datatype-numeric.html), and the two infinities.
///
/// The type stores and compares; it does not calculate. Databases do that, and exactly.
public struct SQLDecimal: Sendable {
    /// The number in canonical form: `-` for numbers below zero; digits without needless zeros before them; and a point
    /// and more digits if there are any. Or one of the three special names.
    private let text: String

    private init(canonical text: String) {
        self.text = text
    }

    /// Not a number. Unlike the one of a double, it equals itself.
    public static let nan = SQLDecimal(canonical: "NaN")
    /// Positive infinity: above all numbers, and below NaN.
    public static let infinity = SQLDecimal(canonical: "Infinity")
    /// Negative infinity: below all numbers.
    public static let negativeInfinity = SQLDecimal(canonical: "-Infinity")

    /// Makes a decimal of a whole number, without digits after the point.
    public init(_ value: some BinaryInteger) {
        text = String(value)
    }

    /// Makes the shortest decimal that reads back as the same double.
    public init(_ value: Double) {
        if value.isNaN {
            self = .nan
        } else if value.isInfinite {
            self = value < 0 ? .negativeInfinity : .infinity
        } else {
            // A double's description always is a number with an exponent within the limits.
            self = SQLDecimal(value.description) ?? .nan
        }
    }

    /// True only for ``nan``.
    public var isNaN: Bool { text == Self.nan.text }
    /// True for the two infinities.
    public var isInfinite: Bool { text.utf8.last == UInt8(ascii: "y") }
    /// True except for NaN and the infinities.
    public var isFinite: Bool { !isNaN && !isInfinite }
    /// True below zero, also for negative infinity.
    public var isNegative: Bool { text.utf8.first == UInt8(ascii: "-") }

    /// The number of digits after the point; 0 for NaN and the infinities.
    public var scale: Int { isFinite ? fraction.count : 0 }

    /// The digits before the point.
    private var whole: Substring.UTF8View {
        let digits = isNegative ? text.utf8.dropFirst() : text.utf8[...]
        return digits.prefix { $0 != UInt8(ascii: ".") }
    }

    /// The digits after the point.
    private var fraction: Substring.UTF8View {
        text.utf8.drop { $0 != UInt8(ascii: ".") }.dropFirst()
    }

    /// The digits after the point, without the zeros at their end.
    private var significantFraction: Substring.UTF8View {
        var digits = fraction
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return digits
    }
}

extension SQLDecimal: Hashable, Comparable {
    public static func == (left: Self, right: Self) -> Bool {
        left.text == right.text || compare(left, right) == 0
    }

    public static func < (left: Self, right: Self) -> Bool {
        compare(left, right) < 0
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(isNegative)
        guard isFinite else { return hasher.combine(text) }
        for byte in whole { hasher.combine(byte) }
        hasher.combine(UInt8(ascii: "."))
        for byte in significantFraction { hasher.combine(byte) }
    }

    /// Compares two numbers: below 0, 0 or above 0, as `left` is below, at or above `right`.
    private static func compare(_ left: Self, _ right: Self) -> Int {
        guard left.isFinite, right.isFinite else { return left.rank - right.rank }
        guard left.isNegative == right.isNegative else { return left.isNegative ? -1 : 1 }
        let magnitudes = compareMagnitudes(left, right)
        return left.isNegative ? -magnitudes : magnitudes
    }

    private var rank: Int {
        if isNaN { return 2 }
        if isInfinite { return isNegative ? -1 : 1 }
        return 0
    }

    private static func compareMagnitudes(_ left: Self, _ right: Self) -> Int {
        let (leftWhole, rightWhole) = (left.whole, right.whole)
        // There are no needless zeros, so the longer one is greater.
        guard leftWhole.count == rightWhole.count else { return leftWhole.count - rightWhole.count }
        if leftWhole.lexicographicallyPrecedes(rightWhole) { return -1 }
        if rightWhole.lexicographicallyPrecedes(leftWhole) { return 1 }
        let (leftFraction, rightFraction) = (left.significantFraction, right.significantFraction)
        if leftFraction.lexicographicallyPrecedes(rightFraction) { return -1 }
        return rightFraction.lexicographicallyPrecedes(leftFraction) ? 1 : 0
    }
}

extension SQLDecimal: ExpressibleByIntegerLiteral {
    /// Called by the compiler. For numbers with a fraction use ``init(_:)``, from text: a literal would be a double
    /// first, and lose digits.
    public init(integerLiteral value: Int64) {
        self.init(value)
    }
}

extension SQLDecimal: LosslessStringConvertible {
    /// Reads digits with an optional sign, point and exponent, as in `-12.50` and `1e-7`, and in any case of letters
    /// `NaN`, `Infinity` and `inf`. Nil for any other text, and for exponents beyond ±200,000, with which a few bytes
    /// of text would take up any amount of memory.
    public init?(_ description: String) {
        if let text = DecimalParser.canonicalText(of: description) {
            self.init(canonical: text)
            return
        }
        switch description.lowercased() {
        case "nan": self = .nan
        case "infinity", "+infinity", "inf", "+inf": self = .infinity
        case "-infinity", "-inf": self = .negativeInfinity
        default: return nil
        }
    }

    /// The digits, without an exponent.
    public var description: String { text }
}

extension SQLDecimal: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText(as: Self.self)
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(of: self)
    }
}

extension FixedWidthInteger {
    /// Converts a decimal. Nil if it has a fraction that is not zero, or is out of range.
    public init?(exactly decimal: SQLDecimal) {
        guard decimal.isFinite, let value = decimal.integer(as: Self.self) else { return nil }
        self = value
    }
}

extension Double {
    /// Makes the double that is nearest to `decimal`.
    public init(_ decimal: SQLDecimal) {
        self = Double(decimal.description) ?? .nan
    }
}

extension SQLDecimal {
    fileprivate func integer<Integer: FixedWidthInteger>(as type: Integer.Type) -> Integer? {
        guard significantFraction.isEmpty else { return nil }
        let digits = String(Substring(whole))
        return Integer(isNegative ? "-" + digits : digits)
    }
}
