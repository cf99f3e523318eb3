extension Duration {
    /// The duration for people: three digits and a unit, as in `2.66 ms`.
    package var text: String {
        let nanoseconds = wholeNanoseconds
        if nanoseconds == .min { return "forever" }
        if nanoseconds < 0 { return "-" + Duration.nanoseconds(-nanoseconds).text }
        let units: [(size: Int64, name: String)] = [
            (3_600_000_000_000, "h"), (60_000_000_000, "min"), (1_000_000_000, "s"), (1_000_000, "ms"), (1000, "µs"),
        ]
        for (size, name) in units where nanoseconds >= size {
            return Self.threeDigits(nanoseconds, of: size) + " " + name
        }
        return "\(nanoseconds) ns"
    }

    private static func threeDigits(_ value: Int64, of unit: Int64) -> String {
        let whole = value / unit
        let decimals = whole >= 100 ? 0 : whole >= 10 ? 1 : 2
        guard decimals > 0 else { return "\(whole)" }
        let scale: Int64 = decimals == 2 ? 100 : 10
        let fraction = (value % unit) / (unit / scale)
        return "\(whole)." + (decimals == 2 && fraction < 10 ? "0" : "") + "\(fraction)"
    }
}

extension Duration {
    /// The duration in nanoseconds, at most ±292 years.
    package var wholeNanoseconds: Int64 {
        let magnitude = attoseconds.magnitude
        let high = UInt64(truncatingIfNeeded: magnitude >> 64)
        let divisor: UInt64 = 1_000_000_000
        // One hardware division: the division of `Int128` would take several. The quotient must fit.
        guard high < divisor else { return attoseconds < 0 ? .min : .max }
        let (quotient, _) = divisor.dividingFullWidth((high, UInt64(truncatingIfNeeded: magnitude)))
        let nanoseconds = Int64(clamping: quotient)
        return attoseconds < 0 ? -nanoseconds : nanoseconds
    }
}
