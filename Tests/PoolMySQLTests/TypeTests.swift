import Foundation
import PoolMySQL
import PoolTesting
import Testing

extension MySQLTests {
    @Suite("Types of MySQL", .timeLimit(.minutes(3)))
    struct TypeTests {
        /// A column type, values as SQL writes them, and what they are here.
        struct Case: Sendable, CustomTestStringConvertible {
            let type: String
            let values: [(literal: String, value: SQLValue)]

            var testDescription: String { type }

            init(_ type: String, _ values: [(String, SQLValue)]) {
                self.type = type
                self.values = values.map { (literal: $0.0, value: $0.1) }
            }
        }

        static let integers: [Case] = [
            Case("TINYINT", [("-128", .int(-128)), ("127", .int(127)), ("0", .int(0))]),
            Case("TINYINT UNSIGNED", [("0", .int(0)), ("255", .int(255))]),
            Case("SMALLINT", [("-32768", .int(-32_768)), ("32767", .int(32_767))]),
            Case("SMALLINT UNSIGNED", [("65535", .int(65_535))]),
            Case("MEDIUMINT", [("-8388608", .int(-8_388_608)), ("8388607", .int(8_388_607))]),
            Case("MEDIUMINT UNSIGNED", [("16777215", .int(16_777_215))]),
            Case("INT", [("-2147483648", .int(-2_147_483_648)), ("2147483647", .int(2_147_483_647))]),
            Case("INT UNSIGNED", [("4294967295", .int(4_294_967_295))]),
            Case("BIGINT", [("-9223372036854775808", .int(.min)), ("9223372036854775807", .int(.max))]),
            Case(
                "BIGINT UNSIGNED",
                [
                    ("9223372036854775807", .int(.max)), ("9223372036854775808", .decimal(SQLDecimal(UInt64(1) << 63))),
                    ("18446744073709551615", .decimal(SQLDecimal(UInt64.max))),
                ]),
            Case("YEAR", [("1901", .int(1901)), ("2155", .int(2155)), ("'0000'", .int(0))]),
            Case("BOOLEAN", [("TRUE", .int(1)), ("FALSE", .int(0))]),
        ]

        static let numbers: [Case] = [
            Case("FLOAT", [("1.5", .double(1.5)), ("-0.25", .double(-0.25)), ("0", .double(0))]),
            Case(
                "DOUBLE",
                [
                    ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)), ("-2.5", .double(-2.5)),
                    ("2.2250738585072014e-308", .double(.leastNormalMagnitude)), ("0.1", .double(0.1)),
                ]),
            Case(
                "DECIMAL(65, 30)",
                [
                    decimal("99999999999999999999999999999999999.999999999999999999999999999999"),
                    decimal("-99999999999999999999999999999999999.999999999999999999999999999999"),
                    decimal("0.000000000000000000000000000001"),
                ]),
            Case("DECIMAL(10, 0)", [decimal("9999999999")]),
        ]

        private static func decimal(_ text: String) -> (String, SQLValue) {
            (text, SQLDecimal(text).map { .decimal($0) } ?? .null)
        }

        static let texts: [Case] = [
            Case("CHAR(10)", [("'ab'", .text("ab")), ("''", .text(""))]),
            Case("VARCHAR(100)", [("'grüße 👩‍👩‍👧‍👦'", .text("grüße 👩‍👩‍👧‍👦"))]),
            Case("TINYTEXT", [("'t'", .text("t"))]),
            Case("TEXT", [("REPEAT('x', 65535)", .text(String(repeating: "x", count: 65_535)))]),
            Case("MEDIUMTEXT", [("REPEAT('y', 100000)", .text(String(repeating: "y", count: 100_000)))]),
            Case("LONGTEXT", [("'long'", .text("long"))]),
            Case("TEXT CHARACTER SET latin1", [("'ü'", .text("ü"))]),
            Case("ENUM('a', 'b', 'ü')", [("'ü'", .text("ü")), ("'a'", .text("a"))]),
            Case("SET('x', 'y', 'z')", [("'x,z'", .text("x,z")), ("''", .text(""))]),
            Case("JSON", [("'{\"a\": [1, null]}'", .json("{\"a\": [1, null]}"))]),
            Case("INET6", [("'::1'", .text("::1"))]),
        ]

        static let bytes: [Case] = [
            Case("BINARY(3)", [("x'00ff01'", .bytes([0, 255, 1]))]),
            Case("VARBINARY(10)", [("x''", .bytes([])), ("x'00'", .bytes([0]))]),
            Case("TINYBLOB", [("x'ff'", .bytes([255]))]),
            Case("BLOB", [("x'c3'", .bytes([0xC3]))]),
            Case("MEDIUMBLOB", [("REPEAT(x'ab', 70000)", .bytes(Array(repeating: 0xAB, count: 70_000)))]),
            Case("LONGBLOB", [("x'0a'", .bytes([10]))]),
            Case("BIT(1)", [("b'1'", .int(1)), ("b'0'", .int(0))]),
            Case("BIT(20)", [("b'11110000111100001111'", .int(0b1111_0000_1111_0000_1111))]),
            Case("BIT(64)", [("~0", .decimal(SQLDecimal(UInt64.max))), ("1", .int(1))]),
            Case(
                "UUID",
                [
                    (
                        "'123e4567-e89b-12d3-a456-426614174000'",
                        SQLUUID("123e4567-e89b-12d3-a456-426614174000").map { .uuid($0) } ?? .null
                    )
                ]),
        ]

        static let moments: [Case] = [
            Case(
                "DATE",
                [
                    ("'1000-01-01'", date("1000-01-01")), ("'9999-12-31'", date("9999-12-31")),
                    ("'0000-00-00'", .text("0000-00-00")), ("'2024-02-00'", .text("2024-02-00")),
                    ("'0000-01-01'", date("0000-01-01")),
                ]),
            Case(
                "DATETIME",
                [
                    ("'1000-01-01 00:00:00'", timestamp("1000-01-01 00:00:00")),
                    ("'9999-12-31 23:59:59'", timestamp("9999-12-31 23:59:59")),
                    ("'0000-00-00 00:00:00'", .text("0000-00-00 00:00:00")),
                ]),
            Case(
                "DATETIME(6)",
                [
                    ("'9999-12-31 23:59:59.999999'", timestamp("9999-12-31 23:59:59.999999")),
                    ("'2024-02-29 01:02:03.000001'", timestamp("2024-02-29 01:02:03.000001")),
                    ("'2024-00-01 01:02:03.5'", .text("2024-00-01 01:02:03.5")),
                ]),
            Case("DATETIME(3)", [("'2024-02-29 01:02:03.120'", timestamp("2024-02-29 01:02:03.12"))]),
            Case(
                "TIMESTAMP(6) NULL",
                [
                    ("'1970-01-01 00:00:01'", .zonedTimestamp(SQLZonedTimestamp(microsecondsSince1970: 1_000_000))),
                    (
                        "'2038-01-19 03:14:07.999999'",
                        .zonedTimestamp(SQLZonedTimestamp(microsecondsSince1970: 2_147_483_647_999_999))
                    ),
                    ("'0000-00-00 00:00:00'", .text("0000-00-00 00:00:00")),
                ]),
            Case(
                "TIME(6)",
                [
                    ("'838:59:59.999999'", .text("838:59:59.999999")),
                    ("'-838:59:59.999999'", .text("-838:59:59.999999")),
                    ("'-00:00:00.000001'", .text("-00:00:00.000001")), ("'24:00:00'", time("24:00:00")),
                    ("'24:00:00.000001'", .text("24:00:00.000001")), ("'00:00:00'", time("00:00:00")),
                    ("'23:59:59.5'", time("23:59:59.5")),
                ]),
            Case("TIME", [("'100:00:01'", .text("100:00:01")), ("'-12:30:00'", .text("-12:30:00"))]),
        ]

        private static func date(_ text: String) -> SQLValue { SQLDate(text).map { .date($0) } ?? .null }
        private static func time(_ text: String) -> SQLValue { SQLTime(text).map { .time($0) } ?? .null }
        private static func timestamp(_ text: String) -> SQLValue { SQLTimestamp(text).map { .timestamp($0) } ?? .null }

        @Test(
            "each value of each type is the same on both protocols, and what the mariadb program prints",
            arguments: integers + numbers + texts + bytes + moments)
        func roundTrip(types: Case) async throws {
            let server = try PrivateMariaDB.shared.get()
            let name = try await server.createDatabase()
            try await withConnection {
                $0.database = name
                $0.initCommands = ["SET sql_mode = ''"]
            } _: { _, connection async throws in
                _ = try await connection.execute("CREATE TABLE v (id INT, value \(raw: types.type))")
                for (id, value) in types.values.enumerated() {
                    _ = try await connection.execute("INSERT INTO v VALUES (\(id), \(raw: value.literal))")
                }
                _ = try await connection.execute("INSERT INTO v VALUES (-1, NULL)")
                let expected = [.null] + types.values.map(\.value)
                let binary = try await connection.values("SELECT value FROM v WHERE id >= \(-1) ORDER BY id")
                #expect(binary == expected)
                try await withConnection {
                    $0.database = name
                    $0.statementProtocol = .textWithoutBinds
                } _: { _, other async throws in
                    #expect(try await other.values("SELECT value FROM v ORDER BY id") == expected)
                    let cursor = try await other.open("SELECT value FROM v ORDER BY id")
                    var streamed: [SQLValue] = []
                    while let rows = try await cursor.next(maximumRows: 2) {
                        streamed += rows.flatMap { Array($0.values) }
                    }
                    await cursor.close()
                    #expect(streamed == expected)
                }
                if types.type.hasPrefix("BIT") || types.type.contains("BLOB") || types.type.contains("BINARY") {
                    let printed = try server.printed(
                        "SELECT IFNULL(HEX(value), 'NULL') FROM v ORDER BY id", database: name)
                    #expect(printed.map { $0[0] } == expected.map { Self.hexadecimal($0, types.type) })
                } else {
                    let printed = try server.printed("SELECT value FROM v ORDER BY id", database: name).map { $0[0] }
                    #expect(zip(printed, expected).allSatisfy { Self.isSame($0, $1) }, "\(printed) is not \(expected)")
                }
            }
        }

        private static func hexadecimal(_ value: SQLValue, _ type: String) -> String {
            switch value {
            case .bytes(let bytes): bytes.map { String(format: "%02X", $0) }.joined()
            case .int(let number): String(number, radix: 16, uppercase: true)
            case .decimal(let number): String(UInt64(number.description) ?? 0, radix: 16, uppercase: true)
            default: "NULL"
            }
        }

        /// The program prints fractions with zeros at their end.
        private static func isSame(_ printed: String, _ value: SQLValue) -> Bool {
            switch value {
            case .null: return printed == "NULL"
            case .int(let number): return Int64(printed) == number
            case .double(let number): return Double(printed) == number
            case .decimal(let number): return SQLDecimal(printed) == number
            case .text(let text), .json(let text): return printed == text || withoutZeros(printed) == text
            case .uuid(let uuid): return printed == uuid.description
            case .date(let date): return printed == date.description
            case .time(let time): return withoutZeros(printed) == time.description
            case .timestamp(let timestamp): return SQLTimestamp(printed) == timestamp
            case .zonedTimestamp(let moment): return SQLTimestamp(printed).flatMap { SQLZonedTimestamp($0) } == moment
            default: return false
            }
        }

        private static func withoutZeros(_ text: String) -> String {
            guard text.contains(".") else { return text }
            var text = text
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
            return text
        }

        @Test("random values of each type come back as they were bound", arguments: [UInt64.random(in: 1...1_000_000)])
        func randomValues(seed: UInt64) async throws {
            var random = SeededRandom(seed: seed)
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { _, connection async throws in
                _ = try await connection.execute(
                    """
                    CREATE TABLE r (id INT PRIMARY KEY, i BIGINT, u BIGINT UNSIGNED, d DOUBLE, f FLOAT, n DECIMAL(65, 30),
                        s LONGTEXT, b LONGBLOB, dt DATETIME(6), da DATE, t TIME(6), ts TIMESTAMP(6) NULL, g UUID)
                    """)
                var sets: [[SQLValue]] = []
                for id in 0..<300 { sets.append([.int(Int64(id))] + Self.randomRow(&random)) }
                let insert: SQL =
                    "INSERT INTO r VALUES (\(0), \(0), \(0), \(0), \(0), \(0), \(0), \(0), \(0), \(0), \(0), \(0), \(0))"
                _ = try await connection.executeBatch(insert, Array(sets.prefix(150)))
                for set in sets.dropFirst(150) {
                    _ = try await connection.execute(SQL(raw: Self.questionMarks, binds: set))
                }
                let rows = try await connection.query("SELECT * FROM r ORDER BY id")
                for (row, set) in zip(rows, sets) { #expect(Array(row.values) == set, "seed \(seed), row \(set[0])") }
                try await withConnection {
                    $0.database = name
                    $0.statementProtocol = .textWithoutBinds
                } _: { _, other async throws in
                    let text = try await other.query("SELECT id, i, u, d, n, s, b, dt, da, t, ts, g FROM r ORDER BY id")
                    for (row, set) in zip(text, sets) {
                        #expect(
                            Array(row.values) == Array(set[0...3]) + Array(set[5...]), "seed \(seed), row \(set[0])")
                    }
                }
            }
        }

        private static let questionMarks =
            "INSERT INTO r VALUES (" + Array(repeating: "?", count: 13).joined(separator: ", ") + ")"

        private static func randomRow(_ random: inout SeededRandom) -> [SQLValue] {
            let day = Int64.random(in: 0..<86_400_000_000, using: &random)
            let date = SQLDate(daysSince1970: Int.random(in: -300_000...2_932_896, using: &random))
            let unsigned = UInt64.random(in: 0...(.max), using: &random)
            let digits = "\(Int128.random(in: -(1 << 110)...(1 << 110), using: &random)).\(unsigned)"
            let scalars = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                Unicode.Scalar(UInt32.random(in: 1...0x2FFFF, using: &random)) ?? "?"
            }
            var text = ""
            for scalar in scalars { text.unicodeScalars.append(scalar) }
            var row: [SQLValue] = [
                .int(.random(in: .min...(.max), using: &random)), unsigned.sqlValue,
                .double(.random(in: -1e300...1e300, using: &random)),
                .double(Double(Float.random(in: -1e30...1e30, using: &random))),
                SQLDecimal(digits).map { .decimal($0) } ?? .null, .text(text),
                .bytes((0..<Int.random(in: 0...300, using: &random)).map { _ in .random(in: 0...255, using: &random) }),
                .null, .null, .null,
                .zonedTimestamp(
                    SQLZonedTimestamp(
                        microsecondsSince1970: .random(in: 1_000_000...2_147_483_647_999_999, using: &random))),
                .uuid(.random(using: &random)),
            ]
            if let date, let time = SQLTime(microsecondsSinceMidnight: day), date.year >= 1 {
                row[7] = SQLTimestamp(date: date, time: time).map { .timestamp($0) } ?? .null
                row[8] = .date(date)
                row[9] = .time(time)
            }
            if random.oneIn(5) { row[Int.random(in: 0..<row.count, using: &random)] = .null }
            return row
        }

        @Test("values that the server has no type for are refused before they are sent, and keep the connection")
        func refusedValues() async throws {
            try await withConnection { driver, connection async throws in
                for value in [SQLValue.double(.nan), .double(.infinity), .decimal(.nan), .array([.int(1)])]
                    + [SQLDate(year: 10_000, month: 1, day: 1).map { .date($0) } ?? .null]
                {
                    let error = await #expect(throws: MySQLError.self) {
                        _ = try await connection.query("SELECT \(1), \(value)")
                    }
                    #expect(error?.code == .unsupportedParameter)
                    #expect(error?.message.contains("Bind value 2") == true)
                    #expect(connection.condition == .clean)
                }
                #expect(try await connection.values("SELECT 1") == [.int(1)])
            }
        }

        @Test("a length of time beyond a day goes both ways as MySQLTime")
        func lengthsOfTime() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT, v TIME(6))")
                let samples: [Int64] = [
                    -3_020_399_999_999, -1, 0, 1, 86_400_000_000, 86_400_000_001, 3_020_399_999_999,
                ]
                for (id, sample) in samples.enumerated() {
                    let time = try #require(MySQLTime(microseconds: sample))
                    #expect(MySQLTime(time.description) == time)
                    _ = try await connection.execute("INSERT INTO t VALUES (\(id), \(time))")
                }
                let times = try await connection.query("SELECT v FROM t ORDER BY id").decode(MySQLTime.self)
                #expect(times.map(\.microseconds) == samples)
            }
        }

        @Test("moments are bound and read in UTC, and refused where the session is in another zone")
        func zones() async throws {
            let moment = SQLZonedTimestamp(microsecondsSince1970: 1_700_000_000_123_456)
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE z (v TIMESTAMP(6) NULL)")
                _ = try await connection.execute("INSERT INTO z VALUES (\(moment))")
                #expect(try await connection.values("SELECT v FROM z") == [.zonedTimestamp(moment)])
                #expect(
                    try await connection.values("SELECT UNIX_TIMESTAMP(v) * 1000000 = 1700000000123456 FROM z") == [
                        .int(1)
                    ])
                _ = try await connection.execute("SET time_zone = '+02:00'")
                let wall = try #require(SQLTimestamp("2023-11-15 00:13:20.123456"))
                #expect(try await connection.values("SELECT v FROM z") == [.timestamp(wall)])
                await #expect(throws: MySQLError.self) {
                    _ = try await connection.execute("INSERT INTO z VALUES (\(moment))")
                }
            }
            try await withConnection {
                $0.timeZone = .server
            } _: { _, connection async throws in
                await #expect(throws: MySQLError.self) { _ = try await connection.query("SELECT \(moment)") }
            }
        }

        @Test("a number beyond 64 bits with sign is bound to an unsigned column, and compared without loss")
        func unsigned() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE u (v BIGINT UNSIGNED PRIMARY KEY)")
                for value in [UInt64.max, UInt64.max - 1, 0] {
                    _ = try await connection.execute("INSERT INTO u VALUES (\(value))")
                }
                let found = try await connection.query("SELECT v FROM u WHERE v = \(UInt64.max - 1)").decode(
                    UInt64.self)
                #expect(found == [.max - 1])
            }
        }
    }
}
