/// A universally unique identifier: 128 bits.
///
/// The text form is the one of RFC 9562, in lower case: `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`.
public struct SQLUUID: Sendable, Hashable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes an identifier of its bytes. Nil unless there are exactly 16.
    public init?(bytes: some Sequence<UInt8>) {
        var value: (high: UInt64, low: UInt64) = (0, 0)
        var count = 0
        for byte in bytes {
            value = (value.high << 8 | value.low >> 56, value.low << 8 | UInt64(byte))
            count += 1
            if count > 16 { return nil }
        }
        guard count == 16 else { return nil }
        self.init(high: value.high, low: value.low)
    }

    /// The 16 bytes, in the order in which they are written.
    public var bytes: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - $0 % 8 * 8)) }
    }

    /// Makes a new identifier of version 4: 122 random bits.
    public static func random() -> SQLUUID {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    /// Makes a new identifier of version 4 with 122 bits of `generator`.
    public static func random(using generator: inout some RandomNumberGenerator) -> SQLUUID {
        let high: UInt64 = generator.next()
        let low: UInt64 = generator.next()
        // RFC 9562, 5.4: the version is 4, the variant is binary 10.
        return SQLUUID(high: high & ~0xF000 | 0x4000, low: low & ~(0b11 << 62) | 0b10 << 62)
    }
}

extension SQLUUID: Comparable {
    /// Compares by the order of the bytes, which is also the order of the texts.
    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension SQLUUID: LosslessStringConvertible {
    /// Reads the form that ``description`` has, in upper or lower case. Nil for any other text.
    public init?(_ description: String) {
        var value: (high: UInt64, low: UInt64) = (0, 0)
        var position = 0
        for byte in description.utf8 {
            let isHyphenPlace = position == 8 || position == 13 || position == 18 || position == 23
            position += 1
            if isHyphenPlace {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Self.hexadecimalDigit(byte) else { return nil }
            value = (value.high << 4 | value.low >> 60, value.low << 4 | UInt64(digit))
        }
        guard position == 36 else { return nil }
        self.init(high: value.high, low: value.low)
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            let digit = UInt8(truncatingIfNeeded: ((index < 16 ? high : low) >> UInt64(60 - index % 16 * 4)) & 15)
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension SQLUUID: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText(as: Self.self)
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(of: self)
    }
}
