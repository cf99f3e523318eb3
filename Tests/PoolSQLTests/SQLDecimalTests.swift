import Foundation
import PoolTesting
import Testing

@testable import PoolSQL

@Suite("Decimals")
struct SQLDecimalTests {
    @Test(
        "texts are read and written in canonical form",
        arguments: [
            ("123.4500", "123.4500"), ("0", "0"), ("-0", "0"), ("-0.00", "0.00"), ("+7", "7"), ("007.10", "7.10"),
            (".5", "0.5"), ("-.5", "-0.5"), ("5.", "5"), ("1e3", "1000"), ("1.25E1", "12.5"), ("1.25e-3", "0.00125"),
            ("-12e-1", "-1.2"), ("0e5", "0"), ("1e0", "1"), ("NaN", "NaN"), ("nan", "NaN"), ("Infinity", "Infinity"),
            ("inf", "Infinity"), ("-INFINITY", "-Infinity"), ("-0.01", "-0.01"), ("00.00", "0.00"),
            (
                "99999999999999999999999999999999999999.000000000000000000000000000001",
                "99999999999999999999999999999999999999.000000000000000000000000000001"
            ),
        ])
    func canonicalForm(text: String, canonical: String) throws {
        let decimal = try #require(SQLDecimal(text))
        #expect(decimal.description == canonical)
        #expect(SQLDecimal(canonical)?.description == canonical)
    }

    @Test(
        "what is not a number is refused",
        arguments: [
            "", "-", "+", ".", "-.", "1.2.3", "1,5", " 1", "1 ", "1e", "e5", "1e5.0", "--1", "0x10", "１", "1_000",
            "-NaN",
            "1e200001", "1e-200001", "1e-9223372036854775808", "1e99999999999999999999", "1\0",
        ])
    func refusal(text: String) {
        #expect(SQLDecimal(text) == nil)
    }

    @Test("the digits after the point are kept, and do not count in comparisons")
    func scale() throws {
        let short = try #require(SQLDecimal("1.5"))
        let long = try #require(SQLDecimal("1.500"))
        #expect((short.scale, long.scale) == (1, 3))
        #expect(short == long)
        #expect(short.hashValue == long.hashValue)
        #expect(Set([short, long, try #require(SQLDecimal("1.5000"))]).count == 1)
        #expect(SQLDecimal("0") == SQLDecimal("-0.000"))
        #expect(SQLDecimal.nan.scale == 0)
    }

    @Test("numbers have the order that they have in SQL")
    func order() throws {
        let ascending = [
            "-Infinity", "-1000", "-99.9", "-2", "-1.01", "-1.001", "-0.5", "0", "0.0001", "0.001", "0.0011", "1",
            "1.0001",
            "9", "10", "10.5", "10.51", "1e30", "Infinity", "NaN",
        ]
        let decimals = try ascending.map { try #require(SQLDecimal($0)) }
        for (left, leftIndex) in zip(decimals, decimals.indices) {
            for (right, rightIndex) in zip(decimals, decimals.indices) {
                #expect((left < right) == (leftIndex < rightIndex), "\(left) and \(right)")
                #expect((left == right) == (leftIndex == rightIndex), "\(left) and \(right)")
            }
        }
    }

    @Test("random decimals agree with Foundation's about order and equality", arguments: [1, 2, 3] as [UInt64])
    func orderOfRandomDecimals(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        func number() -> String {
            let whole = Int.random(in: -200...200, using: &random)
            let fraction = Int.random(in: 0...99, using: &random)
            return "\(whole).\(fraction)" + (Bool.random(using: &random) ? "0" : "")
        }
        for _ in 0..<2000 {
            let (a, b) = (number(), number())
            let (left, right) = try (#require(SQLDecimal(a)), #require(SQLDecimal(b)))
            let (leftOracle, rightOracle) = try (#require(Decimal(string: a)), #require(Decimal(string: b)))
            #expect((left < right) == (leftOracle < rightOracle), "\(a) \(b), seed \(seed)")
            #expect((left == right) == (leftOracle == rightOracle), "\(a) \(b), seed \(seed)")
            if left == right { #expect(left.hashValue == right.hashValue) }
        }
    }

    @Test("every double comes back from its decimal", arguments: [4, 5] as [UInt64])
    func doubles(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let special = [
            0, 1, -1, 0.1, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .leastNormalMagnitude, 1e22, 1e-7,
        ]
        let values = special + (0..<1000).map { _ in Double(bitPattern: random.next()) }.filter(\.isFinite)
        for value in values {
            #expect(Double(SQLDecimal(value)) == value, "\(value), seed \(seed)")
        }
        #expect(SQLDecimal(Double.nan).isNaN)
        #expect(SQLDecimal(-Double.infinity) == .negativeInfinity)
        #expect(Double(SQLDecimal.infinity) == .infinity)
        #expect(Double(SQLDecimal.nan).isNaN)
    }

    @Test("whole numbers convert exactly or not at all")
    func integers() {
        #expect(SQLDecimal("12.00").flatMap(Int.init(exactly:)) == 12)
        #expect(SQLDecimal("-128").flatMap(Int8.init(exactly:)) == -128)
        #expect(SQLDecimal("128").flatMap(Int8.init(exactly:)) == nil)
        #expect(SQLDecimal("-1").flatMap(UInt.init(exactly:)) == nil)
        #expect(SQLDecimal("0.5").flatMap(Int.init(exactly:)) == nil)
        #expect(Int(exactly: SQLDecimal.nan) == nil)
        #expect(UInt64(exactly: SQLDecimal(UInt64.max)) == .max)
        #expect(Int(exactly: -42 as SQLDecimal) == -42)
    }
}
