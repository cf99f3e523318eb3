import Testing

@testable import PoolSQL

@Suite("Rows and their decoding")
struct RowsTests {
    private let people = SQLRows(
        columns: SQLColumns(names: ["id", "name", "age"]),
        values: [.int(1), .text("Ada"), .int(36), .int(2), .text("Grace"), .null])
    private let ids = SQLRows(columns: SQLColumns(names: ["id"]), values: [.int(1), .int(2)])

    @Test("rows are a collection")
    func collection() throws {
        #expect(people.count == 2)
        #expect(people.first?.values == [.int(1), .text("Ada"), .int(36)])
        #expect(people.last?.number == 1)
        #expect(try people.map { try $0["name", as: String.self] } == ["Ada", "Grace"])
        #expect(try people.reversed().first?["id", as: Int.self] == 2)
        #expect(SQLRows(columns: SQLColumns(names: ["a"]), values: []).first == nil)
        #expect(SQLRows(columns: SQLColumns(names: []), values: []).isEmpty)
        #expect(people[0].description == #"[id: 1, name: "Ada", age: 36]"#)
        #expect(people.description == "2 rows of id, name, age")
    }

    @Test("a value is found by name and by index")
    func subscripts() throws {
        let row = people[1]
        #expect(try row["name", as: String.self] == "Grace")
        #expect(try row[0, as: Int.self] == 2)
        #expect(try row["age", as: Int?.self] == nil)
        #expect(try row["age", as: SQLValue.self] == .null)
    }

    @Test("many columns are found by name as few are", arguments: [1, 8, 9, 300])
    func lookup(count: Int) throws {
        let columns = SQLColumns(names: (0..<count).map { "c\($0)" })
        for index in 0..<count { #expect(try columns.index(of: "c\(index)") == index) }
        let error = #expect(throws: SQLDecodingError.self) { try columns.index(of: "C0") }
        #expect(error?.code == .noSuchColumn)
    }

    @Test("a name that occurs twice is an error that names it", arguments: [2, 20])
    func ambiguity(count: Int) throws {
        let columns = SQLColumns(names: (2..<count).map { "c\($0)" } + ["id", "id"])
        let error = #expect(throws: SQLDecodingError.self) { try columns.index(of: "id") }
        #expect(error?.code == .ambiguousColumn)
        #expect(error?.columnName == "id")
    }

    @Test("each kind of type takes the overload that is meant for it")
    func overloads() throws {
        struct Person: Decodable, Equatable {
            var id: Int
            var name: String
            var age: Int?
        }
        let texts = SQLRows(columns: SQLColumns(names: ["t"]), values: [.text("a"), .text("b")])
        let dates = SQLRows(columns: SQLColumns(names: ["d"]), values: [.text("2024-01-01")])
        let optionals = SQLRows(columns: SQLColumns(names: ["n"]), values: [.null, .int(1)])
        #expect(try ids.decode(Int.self) == [1, 2])
        #expect(try texts.decode(String.self) == ["a", "b"])
        #expect(try optionals.decode(Int?.self) == [nil, 1])
        #expect(try dates.decode(SQLDate.self) == [#require(SQLDate(year: 2024, month: 1, day: 1))])
        #expect(try ids.decode(SQLValue.self) == [.int(1), .int(2)])
        let pairs = try people.decode((Int, String, Int?).self)
        #expect(pairs[0] == (1, "Ada", 36))
        #expect(pairs[1] == (2, "Grace", nil))
        let expected = [Person(id: 1, name: "Ada", age: 36), Person(id: 2, name: "Grace", age: nil)]
        #expect(try people.decode(Person.self) == expected)
        #expect(try people.decode(Person?.self) == expected)
        #expect(try people[0].decode(Person.self) == expected[0])
        #expect(try people[0].decode((Int, String, Int).self) == (1, "Ada", 36))
        #expect(try ids[1].decode(Int.self) == 2)
    }

    @Test("generic code decodes what it is given")
    func genericCode() throws {
        func values<Value: SQLDecodable>(_ type: Value.Type) throws -> [Value] { try ids.decode(type) }
        func records<Value: Decodable>(_ type: Value.Type) throws -> [Value] { try people.decode(type) }
        struct Named: Decodable { var name: String }
        #expect(try values(Int64.self) == [1, 2])
        #expect(try records(Named.self).map(\.name) == ["Ada", "Grace"])
    }

    @Test("wide tuples are decoded in order")
    func wideTuple() throws {
        let rows = SQLRows(
            columns: SQLColumns(names: ["a", "b", "c", "d", "e"]),
            values: [.int(1), .text("2"), .double(3.5), .bool(true), .bytes([5])])
        let (a, b, c, d, e) = try rows[0].decode((Int, String, Double, Bool, [UInt8]).self)
        #expect(a == 1 && b == "2" && c == 3.5 && d && e == [5])
    }

    @Test("a type that does not fit the number of columns is refused before any row is read")
    func columnCount() throws {
        let empty = SQLRows(columns: people.columns, values: [])
        for rows in [people, empty] {
            let single = #expect(throws: SQLDecodingError.self) { try rows.decode(Int.self) }
            #expect(single?.code == .columnCount)
            #expect(single?.description.contains("1 column, and the result has 3 columns") == true)
        }
        let pair = #expect(throws: SQLDecodingError.self) { try people.decode((Int, String).self) }
        #expect(pair?.code == .columnCount)
        let row = #expect(throws: SQLDecodingError.self) { try people[0].decode((Int, String, Int?, Int?).self) }
        #expect(row?.code == .columnCount)
    }

    @Test("a wrong type names the column, the row and both types, and not the value")
    func typeMismatch() throws {
        let error = #expect(throws: SQLDecodingError.self) { try people[1]["name", as: Int.self] }
        #expect(error?.code == .typeMismatch)
        #expect(error?.columnName == "name")
        #expect(error?.columnIndex == 1)
        #expect(error?.row == 1)
        #expect(error?.expectedType == "Int")
        #expect(error?.actualType == "text")
        #expect(error?.description == "Cannot decode column \"name\" (1) of row 1 as Int: found text")
        #expect(error.map { "\($0)".contains("Grace") } == false)
    }

    @Test("NULL for a type that is not optional says what to do")
    func unexpectedNull() throws {
        let error = #expect(throws: SQLDecodingError.self) { try people.decode((Int, String, Int).self) }
        #expect(error?.code == .unexpectedNull)
        #expect(error?.row == 1)
        #expect(error?.columnName == "age")
        #expect(error?.description.contains("make the type optional") == true)
    }

    @Test("a column that is missing is named together with those that are there")
    func missingColumn() throws {
        let byName = #expect(throws: SQLDecodingError.self) { try people[0]["nam", as: String.self] }
        #expect(byName?.description.contains("\"nam\"") == true)
        #expect(byName?.description.contains("\"id\", \"name\", \"age\"") == true)
        for index in [-1, 3, Int.max] {
            let byIndex = #expect(throws: SQLDecodingError.self) { try people[0][index, as: String.self] }
            #expect(byIndex?.code == .noSuchColumn)
            #expect(byIndex?.columnIndex == index)
        }
    }

    @Test("an error of the application's own type is kept, and its text is not shown")
    func underlyingError() throws {
        struct Refusal: Error, CustomStringConvertible { let description = "secret" }
        struct Picky: SQLDecodable {
            init(sqlValue: SQLValue) throws { throw Refusal() }
        }
        let error = #expect(throws: SQLDecodingError.self) { try ids.decode(Picky.self) }
        #expect(error?.underlying is Refusal)
        #expect(error?.description.contains("Refusal") == true)
        #expect(error?.description.contains("secret") == false)
    }
}
