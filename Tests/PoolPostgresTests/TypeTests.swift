import Foundation
import PoolPostgres
import Testing

/// A value as text that the server reads, its type, and what it is in Swift.
struct TypeSample: Sendable, CustomStringConvertible {
    let type: String
    let text: String
    let value: SQLValue

    init(_ type: String, _ text: String, _ value: SQLValue) {
        (self.type, self.text, self.value) = (type, text, value)
    }

    var description: String { "\(type) \(text.prefix(40))" }

    static let integers: [TypeSample] = [
        TypeSample("bool", "t", .bool(true)), TypeSample("bool", "f", .bool(false)),
        TypeSample("int2", "32767", .int(32767)), TypeSample("int2", "-32768", .int(-32768)),
        TypeSample("int4", "2147483647", .int(2_147_483_647)), TypeSample("int4", "-2147483648", .int(-2_147_483_648)),
        TypeSample("int8", "9223372036854775807", .int(.max)), TypeSample("int8", "-9223372036854775808", .int(.min)),
        TypeSample("oid", "4294967295", .int(4_294_967_295)),
        TypeSample("float4", "0.1", .double(Double(Float(0.1)))),
        TypeSample("float4", "Infinity", .double(.infinity)),
        TypeSample("float8", "0.1", .double(0.1)), TypeSample("float8", "5e-324", .double(.leastNonzeroMagnitude)),
        TypeSample("float8", "1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
        TypeSample("float8", "-Infinity", .double(-.infinity)),
    ]

    static let decimals: [TypeSample] = [
        "0", "0.00", "1", "-1", "10000", "9999", "10000.0001", "0.0001", "0.00001", "-0.000000000000000000001", "1.50",
        "123456789012345678901234567890.123456789", "100000000000000000000", "NaN", "Infinity", "-Infinity",
        "1" + String(repeating: "0", count: 1000) + "." + String(repeating: "0", count: 999) + "1",
    ].compactMap { text in SQLDecimal(text).map { TypeSample("numeric", text, .decimal($0)) } }

    static let texts: [TypeSample] =
        [
            TypeSample("text", "", .text("")), TypeSample("text", "e\u{301} 👩‍👩‍👧‍👦 \\ ' \"", .text("e\u{301} 👩‍👩‍👧‍👦 \\ ' \"")),
            TypeSample("varchar", "abc", .text("abc")), TypeSample("char(3)", "ab", .text("ab ")),
            TypeSample("name", "abc", .text("abc")), TypeSample("\"char\"", "x", .text("x")),
            TypeSample("bytea", #"\x"#, .bytes([])), TypeSample("bytea", #"\x00ff5c27"#, .bytes([0, 255, 92, 39])),
            TypeSample("json", #"{"a": [1, 2]}"#, .json(#"{"a": [1, 2]}"#)),
            TypeSample("jsonb", #"{"a": [1, 2]}"#, .json(#"{"a": [1, 2]}"#)),
            TypeSample("xml", "<a/>", .text("<a/>")),
        ]
        + ["00000000-0000-0000-0000-000000000000", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"].compactMap { text in
            SQLUUID(text).map { TypeSample("uuid", text, .uuid($0)) }
        }

    static let moments: [TypeSample] =
        [
            ("1970-01-01", "1970-01-01"), ("2000-02-29", "2000-02-29"), ("0001-01-01", "0001-01-01"),
            ("0001-12-31 BC", "0000-12-31"), ("4713-01-01 BC", "-4712-01-01"), ("5874897-12-31", "+5874897-12-31"),
        ].compactMap { text, date in SQLDate(date).map { TypeSample("date", text, .date($0)) } }
        + [
            TypeSample("date", "infinity", .text("infinity")), TypeSample("date", "-infinity", .text("-infinity")),
            TypeSample("timestamp", "infinity", .text("infinity")),
            TypeSample("timestamptz", "-infinity", .text("-infinity")),
        ]
        + ["00:00:00", "24:00:00", "12:34:56.000001", "23:59:59.999999"].compactMap { text in
            SQLTime(text).map { TypeSample("time", text, .time($0)) }
        }
        + [
            ("1999-12-31 23:59:59.999999", "1999-12-31T23:59:59.999999"),
            ("2000-01-01 00:00:00", "2000-01-01T00:00:00"),
            ("0044-03-15 12:00:00 BC", "-0043-03-15T12:00:00"),
            ("294276-12-31 23:59:59.999999", "+294276-12-31T23:59:59.999999"),
            ("4713-01-01 00:00:00 BC", "-4712-01-01T00:00:00"),
        ].compactMap { text, moment in SQLTimestamp(moment).map { TypeSample("timestamp", text, .timestamp($0)) } }
        + [
            ("1970-01-01 00:00:00.000001+00", "1970-01-01T00:00:00.000001Z"),
            ("2024-06-01 12:00:00+02", "2024-06-01T10:00:00.000000Z"),
            ("0044-03-15 12:00:00+00 BC", "-0043-03-15T12:00:00.000000Z"),
        ].compactMap { text, moment in
            SQLZonedTimestamp(moment).map { TypeSample("timestamptz", text, .zonedTimestamp($0)) }
        }

    static let arrays: [TypeSample] = [
        TypeSample("int4[]", "{}", .array([])),
        TypeSample("int4[]", "{1,NULL,-3}", .array([.int(1), .null, .int(-3)])),
        TypeSample("int8[]", "{{1,2},{3,4}}", .array([.array([.int(1), .int(2)]), .array([.int(3), .int(4)])])),
        TypeSample("int4[]", "[0:1]={7,8}", .array([.int(7), .int(8)])),
        TypeSample(
            "text[]", #"{"a,b","NULL",NULL,"{}","q\"\\",""}"#,
            .array([.text("a,b"), .text("NULL"), .null, .text("{}"), .text("q\"\\"), .text("")])),
        TypeSample("bool[]", "{t,f}", .array([.bool(true), .bool(false)])),
        TypeSample("float8[]", "{0.1,NaN}".replacing("NaN", with: "2"), .array([.double(0.1), .double(2)])),
        TypeSample("bytea[]", #"{"\\x00ff"}"#, .array([.bytes([0, 255])])),
        TypeSample("numeric[]", "{1.50}", .array(SQLDecimal("1.50").map { [.decimal($0)] } ?? [])),
        TypeSample("date[]", "{2000-01-01}", .array(SQLDate("2000-01-01").map { [.date($0)] } ?? [])),
        TypeSample(
            "timestamp[]", #"{"2000-01-01 01:02:03"}"#,
            .array(SQLTimestamp("2000-01-01T01:02:03").map { [.timestamp($0)] } ?? [])),
    ]

    /// Types that the driver does not know, which it reads as the text that psql shows.
    static let others: [TypeSample] = [
        TypeSample("interval", "1 year 2 mons 3 days 04:05:06.7", .text("1 year 2 mons 3 days 04:05:06.7")),
        TypeSample("inet", "192.168.0.1/24", .text("192.168.0.1/24")),
        TypeSample("cidr", "10.0.0.0/8", .text("10.0.0.0/8")),
        TypeSample("int4range", "[1,5)", .text("[1,5)")), TypeSample("point", "(1,2)", .text("(1,2)")),
        TypeSample("tsvector", "'a' 'b'", .text("'a' 'b'")), TypeSample("money", "$1.00", .text("$1.00")),
        TypeSample("timetz", "12:00:00+02", .text("12:00:00+02")), TypeSample("bit(3)", "101", .text("101")),
        TypeSample("inet[]", "{10.0.0.1}", .array([.text("10.0.0.1")])),
    ]

    static let all = integers + decimals + texts + moments + arrays + others + extremes
}

extension PostgresTests {
    @Suite("The types of Postgres", .timeLimit(.minutes(2)))
    struct TypeTests {
        private func isSame(_ left: SQLValue?, _ right: SQLValue) -> Bool {
            // Equal decimals may differ in their scale, and strings that look alike in their bytes; here nothing may
            // differ.
            guard let left, left == right || "\(right)".contains("nan") else { return false }
            return "\(left)".utf8.elementsEqual("\(right)".utf8)
        }

        @Test("a type that the driver does not know comes as text, and with its OID")
        func unknownTypes() async throws {
            try await withConnection { _, connection async throws in
                for _ in 1...3 {
                    let rows = try await connection.query("SELECT point '(1,2)', xid8 '7', 1 AS known")
                    #expect(rows.columns.typeIDs == [600, 5069, 23])
                    #expect(rows[0].values == [.text("(1,2)"), .text("7"), .int(1)])
                }
            }
        }

        @Test(
            "each type comes as its value, in text and in binary, and goes back as it came", arguments: TypeSample.all)
        func roundTrip(sample: TypeSample) async throws {
            try await withConnection { _, connection async throws in
                let literal: SQL =
                    "SELECT '\(raw: sample.text.replacing("'", with: "''"))'::\(raw: sample.type) AS value"
                for use in 1...3 {
                    // The first use has no answer about the statement's types, and reads text; the others read binary.
                    let values = try await connection.values(literal)
                    #expect(isSame(values.first, sample.value), "use \(use) reads \(values)")
                }
                let echo: SQL = "SELECT \(sample.value)::\(raw: sample.type) AS value"
                for use in 1...3 {
                    let values = try await connection.values(echo)
                    #expect(isSame(values.first, sample.value), "use \(use) echoes \(values)")
                }
            }
        }

        @Test("enums, domains and composites are text or what they are made of")
        func ownTypes() async throws {
            try await withConnection { _, connection async throws in
                let schema = "own_types"
                try await connection.executeScript(
                    """
                    CREATE SCHEMA \(schema); SET search_path = \(schema);
                    CREATE TYPE mood AS ENUM ('sad', 'happy');
                    CREATE DOMAIN positive AS int CHECK (value > 0);
                    CREATE TYPE pair AS (a int, b text);
                    CREATE TABLE things (m mood, p positive, c pair);
                    """)
                let result = try await connection.execute("INSERT INTO things VALUES (\("happy"), \(7), \("(1,x)"))")
                #expect(result.affectedRows == 1)
                for _ in 1...3 {
                    let values = try await connection.values("SELECT m, p, c FROM things WHERE m = \("happy")")
                    #expect(values == [.text("happy"), .int(7), .text("(1,x)")])
                }
                try await connection.executeScript("DROP SCHEMA \(schema) CASCADE")
            }
        }

        @Test("a value whose type the server cannot infer keeps its own")
        func ownTypeOfValue() async throws {
            try await withConnection { _, connection async throws in
                let samples: [SQLValue] = [
                    .int(5), .text("x"), .bool(true), .double(1.5), .bytes([1, 2]), .null, .array([.int(1), .null]),
                    .array([.text("a,b")]),
                ]
                for sample in samples + samples {
                    #expect(try await connection.values("SELECT \(sample) AS value") == [sample])
                }
            }
        }

        @Test("a number that a column cannot hold is refused, and nothing is cut off")
        func outOfRange() async throws {
            try await withConnection { driver, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE small (i int2)")
                for value in [Int64(40_000), -40_000, .max] {
                    let error = await #expect(throws: PostgresError.self) {
                        _ = try await connection.execute("INSERT INTO small VALUES (\(value))")
                    }
                    #expect(error?.code == .numericValueOutOfRange)
                }
            }
        }
    }
}
