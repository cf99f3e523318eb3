import Testing

@testable import PoolSQL

/// Containers and decoders are used again for the next row: what is kept must not notice.
@Suite("Rows by the keys of a type")
struct KeyedRowTests {
    private func rows(_ names: [String], _ values: [Int64]) -> SQLRows {
        SQLRows(columns: SQLColumns(names: names), values: values.map { .int($0) })
    }

    @Test("keys of every kind find their columns in every row, in whatever order they are asked for")
    func kindsOfKeys() throws {
        enum Numbered: Int, CodingKey { case first, second }
        enum Only: String, CodingKey { case c }
        struct Named: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init?(intValue: Int) { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init(_ name: String) { stringValue = name }
        }
        struct Sample: Decodable, Equatable {
            var sums: [Int]
            init(sums: [Int]) { self.sums = sums }
            init(from decoder: any Decoder) throws {
                let numbered = try decoder.container(keyedBy: Numbered.self)
                let named = try decoder.container(keyedBy: Named.self)
                let only = try decoder.container(keyedBy: Only.self)
                let c = try only.decode(Int.self, forKey: .c)
                let names = c.isMultiple(of: 2) ? ["0", "1"] : ["1", "0"]
                let keys: [Numbered] = c.isMultiple(of: 2) ? [.second, .first] : [.first, .second]
                sums =
                    try names.map { try named.decode(Int.self, forKey: Named($0)) }
                    + keys.map { try numbered.decode(Int.self, forKey: $0) } + [c]
            }
        }
        let result = rows(["first", "c", "second", "0", "1"], (0..<20).map { Int64($0) })
        #expect(
            try result.decode(Sample.self) == [
                Sample(sums: [4, 3, 0, 2, 1]), Sample(sums: [8, 9, 7, 5, 6]),
                Sample(sums: [14, 13, 10, 12, 11]), Sample(sums: [18, 19, 17, 15, 16]),
            ])
    }

    @Test("what some rows keep stays of its row, and does not disturb the others")
    func keptBySome() throws {
        struct Sample: Decodable {
            enum CodingKeys: String, CodingKey { case id, other }
            var id: Int
            var container: KeyedDecodingContainer<CodingKeys>?
            var above: (any Decoder)?
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                id = try container.decode(Int.self, forKey: .id)
                if id % 3 == 1 { self.container = container }
                if id % 3 == 2 { above = try container.superDecoder() }
            }
        }
        var values: [Int64] = []
        for row: Int64 in 0..<12 { values += [row * 10, row] }
        let samples = try rows(["other", "id"], values).decode(Sample.self)
        #expect(samples.map(\.id) == Array(0..<12))
        for sample in samples {
            let id = sample.id
            #expect((sample.container != nil) == (id % 3 == 1))
            #expect((sample.above != nil) == (id % 3 == 2))
            let above = try sample.above?.container(keyedBy: Sample.CodingKeys.self)
            guard let container = sample.container ?? above else { continue }
            #expect(try container.decode(Int.self, forKey: .other) == id * 10)
            #expect(try container.decode(Int.self, forKey: .id) == id)
        }
    }

    @Test("parts and superclasses decode themselves from the same row, while a container of it is in use")
    func parts() throws {
        struct Part: Decodable, Equatable {
            var c: Int
            var a: Int
        }
        class Base: Decodable {
            var a: Int
        }
        final class Derived: Base {
            enum CodingKeys: String, CodingKey { case b, a }
            var b: Int
            var part: Part
            var again: Int
            required init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                b = try container.decode(Int.self, forKey: .b)
                part = try Part(from: decoder)
                again = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .b)
                try super.init(from: decoder)
                #expect(try container.decode(Int.self, forKey: .a) == a)
            }
        }
        let decoded = try rows(["a", "b", "c"], (0..<15).map { Int64($0) }).decode(Derived.self)
        #expect(decoded.map(\.a) == [0, 3, 6, 9, 12])
        #expect(decoded.map(\.b) == [1, 4, 7, 10, 13])
        #expect(decoded.map(\.again) == [1, 4, 7, 10, 13])
        #expect(decoded.map(\.part) == (0..<5).map { Part(c: $0 * 3 + 2, a: $0 * 3) })
    }

    @Test("an error in a later row names that row, and the error of a key that is missing its column")
    func errors() throws {
        struct Sample: Decodable {
            var id: UInt8
        }
        let wrong = #expect(throws: SQLDecodingError.self) { try rows(["id"], [1, 2, 300, 4]).decode(Sample.self) }
        #expect(wrong?.row == 2)
        #expect(wrong?.columnName == "id")
        let missing = #expect(throws: SQLDecodingError.self) { try rows(["ID"], [1]).decode(Sample.self) }
        #expect(missing?.code == .noSuchColumn)
        #expect(missing?.columnName == "id")
    }
}
