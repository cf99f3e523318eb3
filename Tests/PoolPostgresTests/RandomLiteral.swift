import Foundation
import PoolTesting

/// Random expressions of SQL, each of a type that the driver reads.
struct RandomLiteral {
    var random: SeededRandom

    static let types = [
        "bool", "int2", "int4", "int8", "oid", "float4", "float8", "numeric", "text", "varchar(40)", "char(12)",
        "bytea",
        "date", "time", "timetz", "timestamp", "timestamptz", "interval", "uuid", "json", "jsonb", "bool[]", "int2[]",
        "int4[]",
        "int8[]", "numeric[]", "text[]", "bytea[]", "date[]", "timestamp[]", "timestamptz[]", "uuid[]", "inet", "cidr",
        "macaddr", "int4range", "numrange", "tstzrange", "point", "bit varying(20)", "random_mood", "random_mood[]",
    ]

    mutating func literal(_ type: String) -> String {
        if random.oneIn(12) { return "NULL::\(type)" }
        if type.hasSuffix("[]") { return array(of: String(type.dropLast(2))) }
        return "(\(value(type)))::\(type)"
    }

    private mutating func array(of type: String) -> String {
        if random.oneIn(10) { return "'{}'::\(type)[]" }
        let (rows, columns) = (Int.random(in: 1...3, using: &random), Int.random(in: 1...4, using: &random))
        var lines: [String] = []
        for _ in 0..<rows {
            lines.append("[" + (0..<columns).map { _ in literal(type) }.joined(separator: ", ") + "]")
        }
        let text = rows == 1 ? lines[0] : "[" + lines.joined(separator: ", ") + "]"
        return "(ARRAY\(text))::\(type)[]"
    }

    private mutating func value(_ type: String) -> String {
        switch type {
        case "bool": random.oneIn(2) ? "true" : "false"
        case "int2": integer(Int16.self)
        case "int4": integer(Int32.self)
        case "int8": integer(Int64.self)
        case "oid": "\(UInt32.random(in: .min ... .max, using: &random))"
        case "float4":
            float(Float(bitPattern: UInt32(truncatingIfNeeded: bits())), smallest: Float.leastNonzeroMagnitude)
        case "float8": float(Double(bitPattern: bits()), smallest: Double.leastNonzeroMagnitude)
        case "numeric": "'\(number())'"
        case "text", "varchar(40)", "char(12)": quoted(text(type == "char(12)" ? 12 : 40))
        case "bytea": bytes()
        case "uuid": "'\(hexadecimal(32))'"
        case "json", "jsonb": quoted(json(depth: 3))
        case "random_mood": ["'sad'", "'happy'", "'it''s \"odd\"'"].randomElement(using: &random) ?? ""
        default: moment(type) ?? network(type)
        }
    }

    private mutating func bits() -> UInt64 { UInt64.random(in: .min ... .max, using: &random) }

    private mutating func integer<Number: FixedWidthInteger & SignedInteger>(_: Number.Type) -> String {
        let edges: [Number] = [.min, .max, 0, -1, 1]
        let value = random.oneIn(4) ? edges.randomElement(using: &random) ?? 0 : Number(truncatingIfNeeded: bits())
        return "'\(value)'"
    }

    private mutating func float<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ value: Number, smallest: Number
    ) -> String {
        let edges: [Number] = [0, -0.0, .infinity, -.infinity, smallest, -smallest, .greatestFiniteMagnitude]
        let chosen = random.oneIn(4) ? edges.randomElement(using: &random) ?? 0 : value
        return chosen.isNaN ? "'NaN'" : "'\(chosen)'"
    }

    private mutating func digits(_ count: ClosedRange<Int>) -> String {
        var text = ""
        for _ in 0..<Int.random(in: count, using: &random) { text += "\(Int.random(in: 0...9, using: &random))" }
        return text
    }

    private mutating func number() -> String {
        if random.oneIn(15) { return ["NaN", "Infinity", "-Infinity"].randomElement(using: &random) ?? "NaN" }
        let sign = random.oneIn(2) ? "-" : ""
        let zeros = String(repeating: "0", count: Int.random(in: 0...9, using: &random))
        let isLong = random.oneIn(20)
        let whole = (random.oneIn(3) ? "0" : digits(1...(isLong ? 3000 : 30))) + (random.oneIn(4) ? zeros : "")
        if random.oneIn(3) { return sign + whole }
        return sign + whole + "." + (random.oneIn(3) ? zeros : "") + digits(1...(isLong ? 3000 : 30))
    }

    private mutating func text(_ longest: Int) -> String {
        let alphabets: [ClosedRange<UInt32>] = [
            0x20...0x7E, 0x01...0x1F, 0xA0...0x24F, 0x300...0x36F, 0x4E00...0x9FFF, 0x1F300...0x1F64F,
        ]
        let special = Array("\\'\"{},\n\t\r ;$%".unicodeScalars)
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...longest, using: &random) {
            if random.oneIn(4), let scalar = special.randomElement(using: &random) {
                text.append(scalar)
            } else if let alphabet = alphabets.randomElement(using: &random),
                let scalar = Unicode.Scalar(UInt32.random(in: alphabet, using: &random))
            {
                text.append(scalar)
            }
        }
        return random.oneIn(20) ? "NULL" : String(text)
    }

    private func quoted(_ text: String) -> String {
        let parts = text.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + parts.map { String($0) }.joined(separator: "''") + "'"
    }

    private mutating func bytes() -> String {
        "'\\x\(hexadecimal(2 * Int.random(in: 0...40, using: &random)))'"
    }

    private mutating func hexadecimal(_ count: Int) -> String {
        var text = ""
        for _ in 0..<count { text += String(Int.random(in: 0...15, using: &random), radix: 16) }
        return text
    }

    private mutating func json(depth: Int) -> String {
        switch Int.random(in: 0...(depth == 0 ? 3 : 5), using: &random) {
        case 0: ["null", "true", "false"].randomElement(using: &random) ?? "null"
        case 1: "\(Int32(truncatingIfNeeded: bits()))"
        case 2: "1.5e\(Int.random(in: -20...20, using: &random))"
        case 3: "\"a \\\"quoted\\\" \\u00e9 🙂\""
        case 4: "[\(json(depth: depth - 1)), \(json(depth: depth - 1))]"
        default: "{\"key\": \(json(depth: depth - 1)), \"b\" :\(json(depth: depth - 1))}"
        }
    }

    /// A day that both the server and a zoned timestamp know.
    private mutating func day() -> String {
        "(date '2000-01-01' + \(Int.random(in: -2_400_000...100_000_000, using: &random)))"
    }

    private mutating func time() -> String {
        let seconds = Int.random(in: 0..<86_400, using: &random)
        let fraction = random.oneIn(2) ? "" : ".\(digits(6...6))"
        return String(format: "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60) + fraction
    }

    private mutating func moment(_ type: String) -> String? {
        let isInfinite = random.oneIn(20)
        let infinity = random.oneIn(2) ? "'infinity'" : "'-infinity'"
        return switch type {
        case "date":
            isInfinite ? infinity : "date '2000-01-01' + \(Int.random(in: -2_451_507...2_145_031_948, using: &random))"
        case "time": random.oneIn(20) ? "'24:00:00'" : "'\(time())'"
        case "timetz":
            "'\(time())\(String(format: "%+03d:%02d", Int.random(in: -15...15, using: &random), Int.random(in: 0...59, using: &random)))'"
        case "timestamp": isInfinite ? infinity : "\(day()) + time '\(time())'"
        case "timestamptz": isInfinite ? infinity : "(\(day()) + time '\(time())') AT TIME ZONE 'UTC'"
        case "interval":
            "make_interval(months => \(Int16(truncatingIfNeeded: bits())), days => \(Int32(truncatingIfNeeded: bits()) / 10)) + interval '\(time())'"
        default: nil
        }
    }

    private mutating func network(_ type: String) -> String {
        let (low, high) = (Int.random(in: -1000...0, using: &random), Int.random(in: 0...1000, using: &random))
        return switch type {
        case "inet": random.oneIn(2) ? "'10.1.2.\(high % 256)/\(high % 33)'" : "'fe80::\(String(high, radix: 16))'"
        case "cidr": random.oneIn(2) ? "'10.\(high % 256).0.0/16'" : "'2001:db8::/32'"
        case "macaddr": "'08:00:2b:01:02:\(String(format: "%02x", high % 256))'"
        case "int4range": random.oneIn(5) ? "'empty'" : "'[\(low),\(high)]'"
        case "numrange": "'(\(low).5,)'"
        case "tstzrange": "'[2000-01-01 \(time())+00,infinity)'"
        case "point": "'(\(low).25,\(high))'"
        default: "B'\(String(high, radix: 2))'"
        }
    }
}
