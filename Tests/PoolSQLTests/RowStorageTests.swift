import Testing

@testable @_spi(Driver) import PoolSQL

@Suite("Where the values of rows lie")
struct RowStorageTests {
    private static let everyKind: [SQLValue] = [
        .null, .bool(true), .bool(false), .int(.min), .int(.max), .double(-0.0), .double(.infinity), .decimal(7),
        .text(""), .text("fifteen letters"), .text("a text of more than fifteen letters"), .text("größer"), .bytes([]),
        .bytes([0, 255]), .json("{}"), .array([.int(1), .null]), .uuid(SQLUUID(bytes: Array(1...16)) ?? .random()),
    ]

    private func rows(_ values: [SQLValue], columns: Int) -> SQLRows {
        SQLRows(columns: SQLColumns(names: (0..<columns).map { "c\($0)" }), values: values)
    }

    @Test("values of every kind come back as they went in, however many there are", arguments: [1, 2, 100, 5_000])
    func everyKind(count: Int) {
        let rows = rows((0..<count).flatMap { _ in Self.everyKind }, columns: Self.everyKind.count)
        #expect(rows.count == count)
        #expect(rows.allSatisfy { Array($0.values) == Self.everyKind })
    }

    @Test("texts of all lengths keep their places while the memory grows")
    func growth() throws {
        let texts = (0..<2_000).map { String(repeating: "ä", count: $0 % 97) + "\($0)" }
        let rows = rows(texts.enumerated().flatMap { [.int(Int64($0.offset)), .text($0.element)] }, columns: 2)
        let decoded = try rows.decode((Int, String).self)
        #expect(decoded.map(\.0) == Array(0..<2_000))
        #expect(decoded.map(\.1) == texts)
    }

    @Test("a builder gives each batch away, and begins the next one empty")
    func batches() throws {
        let columns = SQLColumns(names: ["n"])
        var builder = SQLRowsBuilder(expectedSize: 64)
        builder.append(1 as Int64)
        builder.append(.decimal(2))
        let first = builder.take(columns)
        #expect(builder.isEmpty && builder.size == 0)
        #expect(builder.take(columns).isEmpty)
        builder.append(.decimal(3))
        builder.removeAll()
        builder.append(.decimal(4))
        let second = builder.take(columns)
        #expect(try first.decode(SQLValue.self) == [.int(1), .decimal(2)])
        #expect(try second.decode(SQLValue.self) == [.decimal(4)])
    }

    @Test("few rows do not keep the memory that was made for many")
    func expectation() throws {
        var builder = SQLRowsBuilder(expectedSize: 200_000)
        builder.append(.text("a text of more than fifteen letters"))
        let rows = builder.take(SQLColumns(names: ["t"]))
        #expect(rows.values.buffer.header.capacity < 256)
        #expect(try rows.decode(String.self) == ["a text of more than fifteen letters"])
    }

    @Test("a byte that is not ASCII is seen at every place of texts of all lengths")
    func everyPlace() throws {
        for length in 1...40 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x61, count: length)
                bytes[place] = 0xFF
                var builder = SQLRowsBuilder()
                unsafe bytes.withUnsafeBytes { unsafe builder.append(uncheckedText: $0) }
                bytes[place] = 0x62
                unsafe bytes.withUnsafeBytes { unsafe builder.append(uncheckedText: $0) }
                let before = String(repeating: "a", count: place)
                let after = String(repeating: "a", count: length - place - 1)
                builder.append(.text(before + "é" + after))
                let values = builder.take(SQLColumns(names: ["t"])).map { $0.values[0] }
                bytes[place] = 0xFF
                #expect(values == [.bytes(bytes), .text(before + "b" + after), .text(before + "é" + after)])
            }
        }
    }

    @Test("unchecked text that is no UTF-8 is bytes, and other text is repaired")
    func invalidText() throws {
        let bytes: [UInt8] = [0x61, 0xFF, 0x62]
        var builder = SQLRowsBuilder()
        bytes.withUnsafeBytes { bytes in
            builder.append(uncheckedText: bytes)
            builder.append(uncheckedJSON: bytes)
            builder.append(text: bytes)
            builder.append(json: bytes)
        }
        let row = builder.take(SQLColumns(names: ["a", "b", "c", "d"]))[0]
        #expect(row.values == [.bytes(bytes), .bytes(bytes), .text("a\u{FFFD}b"), .json("a\u{FFFD}b")])
        #expect(try row[0, as: [UInt8].self] == bytes)
        for column in 0..<2 {
            let error = #expect(throws: SQLDecodingError.self) { try row[column, as: String.self] }
            #expect(error?.actualType == "bytes")
        }
        #expect(try row["c", as: String.self] == "a\u{FFFD}b")
        #expect(throws: SQLDecodingError.self) { try row["c", as: [UInt8].self] }
    }

    @Test("a wrong value in the midst of many is named with its row, whatever it was decoded as")
    func errorInTheMidst() throws {
        struct Record: Decodable {
            var c0: Int
            var c1: String
        }
        var values: [SQLValue] = []
        for number: Int64 in 0..<1_000 {
            let second: SQLValue = number == 777 ? .double(0.5) : .text("\(number)")
            values += [.int(number), second]
        }
        let rows = rows(values, columns: 2)
        let errors = [
            #expect(throws: SQLDecodingError.self) { try rows.decode((Int, String).self) },
            #expect(throws: SQLDecodingError.self) { try rows.decode(Record.self) },
            #expect(throws: SQLDecodingError.self) { try rows.map { try $0.decode((Int, String).self) } },
        ]
        for error in errors {
            #expect(error?.row == 777)
            #expect(error?.columnName == "c1")
            #expect(error?.columnIndex == 1)
            #expect(error?.expectedType == "String")
            #expect(error?.actualType == "double")
        }
        let single = self.rows(values.enumerated().filter { $0.offset % 2 == 1 }.map(\.element), columns: 1)
        #expect(#expect(throws: SQLDecodingError.self) { try single.decode(String.self) }?.row == 777)
    }

    @Test("tuples of every size are decoded in order, one row or all")
    func tupleSizes() throws {
        let rows = rows((0..<20).map { .int(Int64($0)) }, columns: 10)
        let ten = try rows.decode((Int, Int, Int, Int, Int, Int, Int, Int, Int, Int).self)
        #expect(ten[1].0 == 10 && ten[1].1 == 11 && ten[1].8 == 18 && ten[1].9 == 19)
        let wide = try rows[1].decode((Int, Int, Int, Int, Int, Int, Int, Int, Int, Int).self)
        #expect(wide.0 == 10 && wide.9 == 19)
        let eight = self.rows((0..<16).map { .int(Int64($0)) }, columns: 8)
        let last = try eight.decode((Int, Int, Int, Int, Int, Int, Int, Int).self)[1]
        #expect(last.0 == 8 && last.1 == 9 && last.6 == 14 && last.7 == 15)
        let row = try eight[1].decode((Int, Int, Int, Int, Int, Int, Int, Int).self)
        #expect(row.0 == 8 && row.3 == 11 && row.7 == 15)
        let seven = try self.rows((0..<7).map { .int(Int64($0)) }, columns: 7)
            .decode((Int, Int, Int, Int, Int, Int, Int).self)[0]
        #expect(seven.0 == 0 && seven.5 == 5 && seven.6 == 6)
        let four = try self.rows((0..<4).map { .int(Int64($0)) }, columns: 4).decode((Int, Int, Int, Int).self)[0]
        #expect(four == (0, 1, 2, 3))
    }

    @Test("of tuples of nine to twelve columns each element can be taken from the result at once")
    func wideTuples() throws {
        func row(_ columns: Int) -> SQLRows { rows((0..<columns).map { .int(Int64($0)) }, columns: columns) }
        #expect(try row(9).decode((Int, Int, Int, Int, Int, Int, Int, Int, Int).self).map { $0.8 } == [8])
        #expect(try row(9)[0].decode((Int, Int, Int, Int, Int, Int, Int, Int, Int).self).8 == 8)
        #expect(try row(10).decode((Int, Int, Int, Int, Int, Int, Int, Int, Int, Int).self).map { $0.9 } == [9])
        #expect(try row(10)[0].decode((Int, Int, Int, Int, Int, Int, Int, Int, Int, Int).self).2 == 2)
        #expect(try row(11).decode((Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int).self).map { $0.10 } == [10])
        #expect(try row(11)[0].decode((Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int).self).10 == 10)
        let all = try row(12).decode((Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int).self)
        #expect(all.map { [$0.0, $0.2, $0.8, $0.10, $0.11] } == [[0, 2, 8, 10, 11]])
        #expect(try row(12)[0].decode((Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int).self).11 == 11)
    }

    @Test("tuples of any more columns are decoded, too")
    func widestTuple() throws {
        let rows = rows((0..<13).map { .int(Int64($0)) }, columns: 13)
        for row in try rows.decode((Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int).self) {
            let row = row
            #expect(row.12 == 12)
        }
    }

    @Test("a tuple that fails in the midst leaves nothing behind")
    func partialTuples() throws {
        final class Counted: SQLDecodable, @unchecked Sendable {  // … because the test uses it on one task.
            nonisolated(unsafe) static var count = 0  // … because the test uses it on one task.
            init(sqlValue: SQLValue) throws {
                // Also where this throws: the object is complete by then, and is taken apart again.
                Self.count += 1
                guard case .int = sqlValue else { throw SQLConversionError(expected: Counted.self, actual: sqlValue) }
            }
            deinit { Self.count -= 1 }
        }
        let rows = rows([.int(1), .int(2), .int(3), .null], columns: 2)
        #expect(throws: SQLDecodingError.self) { try rows.decode((Counted, Counted).self) }
        #expect(Counted.count == 0)
    }
}

@Suite("The keys of Decodable types, row after row")
struct RowKeyTests {
    private func rows(_ names: [String], _ values: [SQLValue]) -> SQLRows {
        SQLRows(columns: SQLColumns(names: names), values: values)
    }

    @Test("a type may ask for other keys in each row, and in another order")
    func changingKeys() throws {
        struct Shape: Decodable, Equatable {
            var sizes: [Int]
            enum CodingKeys: String, CodingKey { case kind, a, b, c, missing }
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                let keys: [CodingKeys] =
                    switch try container.decode(Int.self, forKey: .kind) {
                    case 0: [.a, .b, .c]
                    case 1: [.c, .a]
                    case 2: [.b, .b, .kind]
                    default: [.c, .b, .a, .kind, .a]
                    }
                sizes = try keys.map { try container.decode(Int.self, forKey: $0) }
                #expect(!container.contains(.missing))
                #expect(try container.decodeIfPresent(Int.self, forKey: .missing) == nil)
                #expect(container.contains(keys[0]))
            }
        }
        var values: [SQLValue] = []
        for row: Int64 in 0..<8 {
            let ten: Int64 = row * 10
            let numbers: [Int64] = [ten + 2, ten + 1, row % 4, ten + 3]
            values += numbers.map { SQLValue.int($0) }
        }
        let decoded = try rows(["b", "a", "kind", "c"], values).decode(Shape.self).map(\.sizes)
        #expect(decoded[0] == [1, 2, 3])
        #expect(decoded[1] == [13, 11])
        #expect(decoded[2] == [22, 22, 2])
        #expect(decoded[3] == [33, 32, 31, 3, 31])
        #expect(decoded[7] == [73, 72, 71, 3, 71])
    }

    @Test("optional properties are NULL in one row and there in the next; a second column of that name is an error")
    func optionals() throws {
        struct Person: Decodable, Equatable {
            enum Role: String, Decodable { case admin }
            var id: Int
            var nickname: String?
            var role: Role?
            var absent: Double?
        }
        let people = rows(
            ["id", "nickname", "role"], [.int(1), .null, .text("admin"), .int(2), .text("Ada"), .null])
        #expect(
            try people.decode(Person.self) == [
                Person(id: 1, nickname: nil, role: .admin, absent: nil),
                Person(id: 2, nickname: "Ada", role: nil, absent: nil),
            ])
        let twice = rows(["id", "nickname", "nickname"], [.int(1), .null, .null])
        let error = #expect(throws: SQLDecodingError.self) { try twice.decode(Person.self) }
        #expect(error?.code == .ambiguousColumn)
        #expect(error?.columnName == "nickname")
    }

    @Test("a decoder that is kept reads the row that it was made for")
    func keptDecoder() throws {
        struct Lazy: Decodable {
            enum CodingKeys: String, CodingKey { case id }
            let decoder: any Decoder
            let container: KeyedDecodingContainer<CodingKeys>
            init(from decoder: any Decoder) throws {
                self.decoder = decoder
                container = try decoder.container(keyedBy: CodingKeys.self)
            }
        }
        let kept = try rows(["id"], [.int(1), .int(2), .int(3)]).decode(Lazy.self)
        #expect(try kept.map { try $0.container.decode(Int.self, forKey: .id) } == [1, 2, 3])
        #expect(
            try kept.map { try $0.decoder.container(keyedBy: Lazy.CodingKeys.self).decode(Int.self, forKey: .id) }
                == [1, 2, 3])
    }

    @Test("more columns than are compared one by one are found by name in every row")
    func manyColumns() throws {
        struct Wide: Decodable {
            var c299: Int
            var c0: Int
            var c150: Int?
        }
        let wide = rows((0..<300).map { "c\($0)" }, (0..<900).map { .int(Int64($0)) })
        let decoded = try wide.decode(Wide.self)
        #expect(decoded.map(\.c299) == [299, 599, 899])
        #expect(decoded.map(\.c0) == [0, 300, 600])
        #expect(decoded.map(\.c150) == [150, 450, 750])
    }
}
