import Foundation
import PoolTesting
import Testing

@testable import PoolSQL

@Suite("UUIDs")
struct SQLUUIDTests {
    @Test("bytes and texts round trip, and agree with Foundation", arguments: [1, 2] as [UInt64])
    func roundTrips(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
            let uuid = try #require(SQLUUID(bytes: bytes))
            #expect(uuid.bytes == bytes)
            #expect(SQLUUID(uuid.description) == uuid)
            #expect(SQLUUID(uuid.description.uppercased()) == uuid)
            #expect(UUID(uuidString: uuid.description)?.uuidString.lowercased() == uuid.description)
        }
    }

    @Test("the example of RFC 9562 is read")
    func example() {
        let text = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
        #expect(SQLUUID(text)?.description == text)
        #expect(SQLUUID(text)?.bytes.first == 0xF8)
        #expect(SQLUUID(text)?.bytes.last == 0xF6)
    }

    @Test(
        "other forms are refused",
        arguments: [
            "", "f81d4fae7dec11d0a76500a0c91e6bf6", "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf", "f81d4fae-7dec-11d0-a765-00a0c91e6bf66",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bfg", "f81d4fae-7dec-11d0-a765_00a0c91e6bf6",
            "f81d4fa-e7dec-11d0-a765-00a0c91e6bf6",
        ])
    func refusal(text: String) {
        #expect(SQLUUID(text) == nil)
    }

    @Test("only 16 bytes make one")
    func wrongLength() {
        for count in [0, 15, 17, 32] { #expect(SQLUUID(bytes: [UInt8](repeating: 1, count: count)) == nil) }
    }

    @Test("a random one has version 4, and comes again with the same generator")
    func random() {
        var first = SeededRandom(seed: 9)
        var second = SeededRandom(seed: 9)
        for _ in 0..<100 {
            let uuid = SQLUUID.random(using: &first)
            #expect(uuid == SQLUUID.random(using: &second))
            #expect(uuid.bytes[6] >> 4 == 4)
            #expect(uuid.bytes[8] >> 6 == 0b10)
        }
        #expect(SQLUUID.random() != SQLUUID.random())
    }

    @Test("their order is that of their texts")
    func order() {
        var random = SeededRandom(seed: 10)
        for _ in 0..<500 {
            let (left, right) = (SQLUUID.random(using: &random), SQLUUID.random(using: &random))
            #expect((left < right) == (left.description < right.description))
        }
    }
}
