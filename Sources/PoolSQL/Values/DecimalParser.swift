/// Reads the text of a decimal number.
struct DecimalParser {
    private static let largestExponent = 200_000

    private var isNegative = false
    private var digits: [UInt8] = []
    /// The number of digits before the point.
    private var wholeCount = 0

    /// Brings a number into the form that ``SQLDecimal`` keeps. Nil if `text` is not a number with digits.
    static func canonicalText(of text: String) -> String? {
        if isCanonical(text.utf8) { return text }
        var parser = DecimalParser()
        guard parser.parse(text.utf8) else { return nil }
        return parser.canonicalText
    }

    /// True for a text that needs no change, which is what most databases send.
    private static func isCanonical(_ utf8: String.UTF8View) -> Bool {
        var rest = utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let whole = rest.prefix(while: isDigit)
        guard let first = whole.first, first != UInt8(ascii: "0") || whole.count == 1 else { return false }
        rest = rest[whole.endIndex...]
        // Zero has no sign, and whether the number is zero shows only further on.
        if isNegative, first == UInt8(ascii: "0") { return false }
        if rest.isEmpty { return true }
        rest.removeFirst()
        let separatesFraction = utf8[whole.endIndex] == UInt8(ascii: ".")
        return separatesFraction && !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private mutating func parse(_ utf8: String.UTF8View) -> Bool {
        var rest = utf8[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest.removeFirst()
        }
        let whole = rest.prefix(while: Self.isDigit)
        rest = rest[whole.endIndex...]
        digits = Array(whole)
        wholeCount = digits.count
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: Self.isDigit)
            rest = rest[fraction.endIndex...]
            digits += fraction
        }
        guard !digits.isEmpty else { return false }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            guard let exponent = Int(Substring(rest.dropFirst())), exponent.magnitude <= Self.largestExponent else {
                return false
            }
            shift(by: exponent)
            return true
        }
        return rest.isEmpty
    }

    /// Moves the point, with more zeros if it leaves the digits.
    private mutating func shift(by exponent: Int) {
        wholeCount += exponent
        if wholeCount < 0 {
            digits.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: -wholeCount), at: 0)
            wholeCount = 0
        } else if wholeCount > digits.count {
            digits += repeatElement(UInt8(ascii: "0"), count: wholeCount - digits.count)
        }
    }

    private var canonicalText: String {
        let whole = digits[..<wholeCount].drop { $0 == UInt8(ascii: "0") }
        let fraction = digits[wholeCount...]
        let isZero = digits.allSatisfy { $0 == UInt8(ascii: "0") }
        var text: [UInt8] = isNegative && !isZero ? [UInt8(ascii: "-")] : []
        text += whole.isEmpty ? [UInt8(ascii: "0")] : whole
        if !fraction.isEmpty {
            text.append(UInt8(ascii: "."))
            text += fraction
        }
        return String(decoding: text, as: UTF8.self)
    }
}
