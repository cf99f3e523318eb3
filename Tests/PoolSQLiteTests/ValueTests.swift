import Testing

@testable import PoolSQLite

@Suite("Values in SQLite")
struct ValueTests {
    private static let exact: [SQLValue] = [
        .null, .int(0), .int(.min), .int(.max), .double(0.1), .double(-0.0), .double(.greatestFiniteMagnitude),
        .double(.leastNonzeroMagnitude), .double(.infinity), .double(-.infinity), .text(""), .text("plain"),
        .text("zero\0byte"), .text("\0"), .text("🐘 ünï"), .text("e\u{301}"), .text("\u{e9}"),
        .text(String(repeating: "x", count: 100_000)), .bytes([]), .bytes([0]), .bytes([0, 255, 0]),
        .bytes(Array(repeating: 7, count: 100_000)),
    ]

    @Test("a value comes back as it went in", arguments: exact)
    func roundTrip(value: SQLValue) async throws {
        try await TestDatabase().with { connection async throws in
            #expect(try await connection.value("SELECT ?", value) == value)
            try await connection.run("CREATE TABLE t(a)")
            try await connection.run("INSERT INTO t VALUES (?)", value)
            #expect(try await connection.value("SELECT a FROM t") == value)
            if case .text(let text) = value, case .text(let read) = try await connection.value("SELECT a FROM t") {
                #expect(Array(text.utf8) == Array(read.utf8))
            }
        }
    }

    @Test("kinds that SQLite has not are stored as integers and text")
    func otherKinds() async throws {
        let decimal = try #require(SQLDecimal("12345678901234567890.000000000123"))
        let date = try #require(SQLDate("2024-02-29"))
        try await TestDatabase().with { connection async throws in
            #expect(try await connection.value("SELECT ?", .bool(true)) == .int(1))
            #expect(try await connection.value("SELECT ?", .bool(false)) == .int(0))
            #expect(try await connection.value("SELECT ?", .decimal(decimal)) == .text(decimal.description))
            #expect(try await connection.value("SELECT ?", .date(date)) == .text("2024-02-29"))
            #expect(try await connection.value("SELECT ?", .json("{\"a\": 1}")) == .text("{\"a\": 1}"))
            #expect(try await connection.value("SELECT date(?, '+1 day')", .date(date)) == .text("2024-03-01"))
        }
    }

    @Test("typed values survive the way through text")
    func typedRoundTrip() async throws {
        let decimal = try #require(SQLDecimal("-0.10"))
        let date = try #require(SQLDate("1999-12-31"))
        let time = try #require(SQLTime("23:59:59.123456"))
        let timestamp = try #require(SQLTimestamp("2024-02-29T12:00:00.5"))
        let uuid = try #require(SQLUUID("00112233-4455-6677-8899-aabbccddeeff"))
        try await TestDatabase().with { connection async throws in
            let rows = try await connection.query(
                "SELECT \(decimal), \(date), \(time), \(timestamp), \(uuid), \(true), \([UInt8]([1, 2]))")
            let row = try #require(rows.first)
            #expect(try row[0, as: SQLDecimal.self] == decimal)
            #expect(try row[1, as: SQLDate.self] == date)
            #expect(try row[2, as: SQLTime.self] == time)
            #expect(try row[3, as: SQLTimestamp.self] == timestamp)
            #expect(try row[4, as: SQLUUID.self] == uuid)
            #expect(try row[5, as: Bool.self])
            #expect(try row[6, as: [UInt8].self] == [1, 2])
        }
    }

    @Test("NaN is refused, because SQLite would store NULL in its place")
    func nan() async throws {
        try await TestDatabase().with { connection async throws in
            let error = try await sqliteError { try await connection.rows("SELECT ?, ?", .int(1), .double(.nan)) }
            #expect(error.code == .mismatch)
            #expect(error.message == "Bind value 2 is NaN")
            #expect(error.remedy?.contains("NULL") == true)
            #expect(connection.condition == .clean)
        }
    }

    @Test("a whole number that a column of integers would round is refused, wherever it goes")
    func wideIntegers() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE t(i INTEGER, n NUMERIC)")
            _ = try await connection.execute("INSERT INTO t VALUES (\(UInt64(Int64.max)), \(Int128(Int64.min)))")
            #expect(try await connection.rows("SELECT i, n FROM t") == [[.int(.max), .int(.min)]])
            let wide: [any SQLEncodable] = [
                UInt64(Int64.max) + 1, UInt64.max, Int128(Int64.min) - 1, UInt128.max, SQLDecimal(UInt64.max),
            ]
            for value in wide {
                let error = try await sqliteError {
                    try await connection.execute(SQL(raw: "INSERT INTO t(i) VALUES (?)", binds: [value]))
                }
                #expect(error.code == .mismatch)
                #expect(error.message == "Bind value 1 is a whole number of more than 64 bits")
                #expect(error.remedy?.contains("TEXT") == true)
            }
            #expect(try await connection.value("SELECT count(*) FROM t") == .int(1))
            #expect(connection.condition == .clean)
        }
    }

    @Test("a decimal keeps its digits in a TEXT column, and 15 of them in a NUMERIC one")
    func decimalColumns() async throws {
        let long = try #require(SQLDecimal("1234567890.12345678901"))
        let short = try #require(SQLDecimal("12345.6789"))
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE t(exact TEXT, rounded NUMERIC)")
            for decimal in [long, short] {
                _ = try await connection.execute("INSERT INTO t VALUES (\(decimal), \(decimal))")
            }
            let rows = try await connection.query("SELECT exact, rounded FROM t ORDER BY rowid DESC")
            #expect(try rows.decode((SQLDecimal, SQLDecimal).self).map(\.0) == [short, long])
            #expect(rows[0].values.last == .double(12345.6789))
            #expect(try rows[0][1, as: SQLDecimal.self] == short)
            #expect(rows[1].values.last == .double(Double(long)))
        }
    }

    @Test("an array is refused, and JSON named in its place")
    func array() async throws {
        try await TestDatabase().with { connection async throws in
            let error = try await sqliteError { try await connection.rows("SELECT ?", .array([.int(1)])) }
            #expect(error.code == .mismatch)
            #expect(error.remedy?.contains("json_each") == true)
        }
    }

    @Test("stored text that is not UTF-8 comes as its bytes")
    func invalidUTF8() async throws {
        try await TestDatabase().with { connection async throws in
            #expect(try await connection.value("SELECT CAST(x'61ff62' AS TEXT)") == .bytes([0x61, 0xFF, 0x62]))
            let rows = try await connection.query("SELECT CAST(x'c3' AS TEXT) AS broken")
            let error = try #require(throws: SQLDecodingError.self) { try rows[0]["broken", as: String.self] }
            #expect("\(error)".contains("broken"))
        }
    }

    @Test("an empty blob is not NULL, and NULL is not an empty blob")
    func emptyBlob() async throws {
        try await TestDatabase().with { connection async throws in
            let row = try await connection.rows("SELECT typeof(?), typeof(?), typeof(?)", .bytes([]), .null, .text(""))
            #expect(row == [[.text("blob"), .text("null"), .text("text")]])
        }
    }

    @Test(
        "each value has the kind that it is stored as, whatever its column and the rows before are",
        arguments: [1, 600])
    func mixedKinds(repeats: Int) async throws {
        let kinds: [SQLValue] = [.int(1), .text("two"), .double(3.5), .bytes([4]), .null, .text("größer")]
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE t(a, a2)")
            let sets = (0..<repeats).flatMap { _ in kinds.indices.map { [kinds[$0], kinds[(($0 + 1) % kinds.count)]] } }
            _ = try await connection.executeBatch(SQL(raw: "INSERT INTO t VALUES (?, ?)"), sets)
            let rows = try await connection.query("SELECT a, a2 AS a FROM t ORDER BY rowid")
            #expect(rows.map { Array($0.values) } == sets)
            // The second run begins with as much memory as the first one took.
            #expect(
                try await connection.query("SELECT a, a2 AS a FROM t ORDER BY rowid").map { Array($0.values) } == sets)
            #expect(throws: SQLDecodingError.self) { try rows[0]["a", as: Int.self] }
            let error = #expect(throws: SQLDecodingError.self) { try rows.decode((Int?, String?).self) }
            #expect(error?.row == 1)
            #expect(error?.actualType == "text")
        }
    }

    @Test("a value of the wrong type fails on decoding, and names the column")
    func wrongType() async throws {
        try await TestDatabase().with { connection async throws in
            let rows = try await connection.query("SELECT 'seven' AS number")
            let error = try #require(throws: SQLDecodingError.self) { try rows[0]["number", as: Int.self] }
            #expect("\(error)".contains("number"))
        }
    }
}
