/// Reads numbers and signs from the front of an ASCII text.
struct DigitReader<Bytes: Collection<UInt8>> {
    private var rest: Bytes.SubSequence

    init(_ bytes: Bytes) {
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// Skips a character. False if another one comes.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Reads a number of at most 9 digits. Nil if there is no digit.
    mutating func number() -> Int? {
        var number = 0
        var count = 0
        while count < 9, let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            number = number * 10 + Int(byte - UInt8(ascii: "0"))  // fits, because there are 9 digits at most.
            count += 1
            rest = rest.dropFirst()
        }
        return count > 0 ? number : nil
    }

    /// Reads a fraction as microseconds: `.5` is 500,000. 0 without a point.
    private mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        let before = rest.count
        guard let digits = number() else { return nil }
        let count = before - rest.count  // not negative, because some were taken.
        guard count <= 6 else { return nil }
        return (count..<6).reduce(digits) { value, _ in value * 10 }  // fits, because there are 6 digits.
    }

    /// Reads `hhh:mm:ss.ffffff`; the fraction may be missing.
    mutating func clock() -> Temporal.Clock? {
        guard let hours = number(), take(":"), let minutes = number(), take(":"), let seconds = number(),
            minutes < 60, seconds < 60, let fraction = fraction()
        else { return nil }
        return Temporal.Clock(hours: hours, minutes: minutes, seconds: seconds, fraction: fraction)
    }

    /// Reads `yyyy-mm-dd`.
    mutating func date() -> (year: Int, month: Int, day: Int)? {
        guard let year = number(), take("-"), let month = number(), take("-"), let day = number() else { return nil }
        return (year, month, day)
    }
}
