internal import PoolSQL

/// The binary form of `numeric`: digits to the base 10,000, with the exponent of the first, the sign, and the number
/// of decimal digits that are shown after the point.
enum NumericFormat {
    private static let negative: UInt16 = 0x4000
    private static let nan: UInt16 = 0xC000
    private static let infinity: UInt16 = 0xD000
    private static let negativeInfinity: UInt16 = 0xF000

    /// Decodes a number. Nil for invalid bytes.
    static func decode(_ reader: inout BinaryReader) -> SQLValue? {
        // Unsigned: the longest numbers have more groups than a signed count allows.
        let count = Int(reader.read(UInt16.self))
        let weight = Int(reader.read(Int16.self))
        let sign = reader.read(UInt16.self)
        let scale = Int(reader.read(Int16.self))
        switch sign {
        case nan: return .decimal(.nan)
        case infinity: return .decimal(.infinity)
        case negativeInfinity: return .decimal(.negativeInfinity)
        case 0, negative: break
        default: return nil
        }
        guard count <= reader.remaining / 2, scale >= 0 else { return nil }
        var groups: [UInt16] = []
        groups.reserveCapacity(count)  // bounded, because so many remain.
        for _ in 0..<count { groups.append(reader.read()) }
        guard groups.allSatisfy({ $0 < 10_000 }) else { return nil }
        let text = text(groups, weight: weight, scale: scale, isNegative: sign == negative)
        return SQLDecimal(text).map { .decimal($0) } ?? .text(text)
    }

    private static func text(_ groups: [UInt16], weight: Int, scale: Int, isNegative: Bool) -> String {
        /// The four digits at a power of 10,000.
        func group(_ power: Int) -> UInt16 {
            let index = weight - power  // fits, because both have few bits.
            return groups.indices.contains(index) ? groups[index] : 0
        }
        var text: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
        if weight < 0 {
            text.append(UInt8(ascii: "0"))
        } else {
            text.append(contentsOf: String(group(weight)).utf8)
            for power in stride(from: weight - 1, through: 0, by: -1) { append(group(power), to: &text) }
        }
        if scale > 0 {
            text.append(UInt8(ascii: "."))
            let end = text.count + scale  // fits, because a scale has 16 bits.
            var power = -1
            while text.count < end {
                append(group(power), to: &text)
                power -= 1
            }
            text.removeLast(text.count - end)  // at most 3, because a group has 4 digits.
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(_ group: UInt16, to text: inout [UInt8]) {
        for divisor: UInt16 in [1000, 100, 10, 1] {
            text.append(UInt8(ascii: "0") + UInt8(group / divisor % 10))  // fits, because it is a digit.
        }
    }
}
