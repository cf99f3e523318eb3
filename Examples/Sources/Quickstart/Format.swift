extension Int {
    /// The number with a space between groups of three digits: `1 234 567`.
    var grouped: String {
        let digits = String(magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(" ") }
            result.append(digit)
        }
        return self < 0 ? "-" + result : result
    }
}

extension Duration {
    var inSeconds: Double { self / .seconds(1) }

    /// The duration with three significant digits and a unit that suits it: `1.24 ms`.
    var short: String {
        let nanoseconds = self / .nanoseconds(1)
        let units: [(name: String, size: Double)] = [("s", 1e9), ("ms", 1e6), ("µs", 1e3)]
        guard let unit = units.first(where: { abs(nanoseconds) >= $0.size }) else {
            return "\(Int(nanoseconds.rounded())) ns"
        }
        let value = nanoseconds / unit.size
        return "\(value.rounded(significantDigits: 3)) \(unit.name)"
    }
}

extension Double {
    /// The number with at most `significantDigits` digits, and all those of its whole part.
    func rounded(significantDigits: Int) -> String {
        let wholeDigits = String(Int(magnitude)).count
        return fixed(Swift.max(0, significantDigits - wholeDigits))
    }

    /// The number with exactly `places` digits after the point.
    func fixed(_ places: Int) -> String {
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((magnitude * Double(scale)).rounded())
        let whole = (self < 0 && scaled > 0 ? "-" : "") + String(scaled / scale)
        guard places > 0 else { return whole }
        return whole + "." + String(scaled % scale).padded(to: places, with: "0")
    }
}

extension String {
    /// The text with `filler` before it, at least `width` characters in all.
    func padded(to width: Int, with filler: Character = " ") -> String {
        String(repeating: filler, count: Swift.max(0, width - count)) + self
    }

    /// The text with spaces after it, at least `width` characters in all.
    func filled(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }
}
