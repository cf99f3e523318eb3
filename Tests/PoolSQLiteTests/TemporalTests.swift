import Testing

@testable import PoolSQLite

@Suite("Times and timestamps in SQLite")
struct TemporalTests {
    @Test("a bound timestamp has the form of SQLite's own, or the other one where the configuration says so")
    func form() async throws {
        let cases: [(SQLValue, sqlite: String, iso8601: String)] = [
            (timestamp("2021-01-01T00:00:00"), "2021-01-01 00:00:00", "2021-01-01T00:00:00"),
            (timestamp("2021-01-01T00:00:00.5"), "2021-01-01 00:00:00.500", "2021-01-01T00:00:00.5"),
            (timestamp("2021-01-01T00:00:00.123456"), "2021-01-01 00:00:00.123456", "2021-01-01T00:00:00.123456"),
            (timestamp("2021-01-01T00:00:00.12345"), "2021-01-01 00:00:00.123450", "2021-01-01T00:00:00.12345"),
            (moment("2021-01-01T01:00:00+01:00"), "2021-01-01 00:00:00", "2021-01-01T00:00:00.000000Z"),
            (moment("2021-01-01T00:00:00.25Z"), "2021-01-01 00:00:00.250", "2021-01-01T00:00:00.250000Z"),
            (SQLTime("12:30:59.5")?.sqlValue ?? .null, "12:30:59.500", "12:30:59.5"),
            (SQLTime("12:30:59")?.sqlValue ?? .null, "12:30:59", "12:30:59"),
        ]
        try await TestDatabase().with { connection async throws in
            for (value, sqlite, _) in cases { #expect(try await connection.value("SELECT ?", value) == .text(sqlite)) }
        }
        try await TestDatabase(timestampText: .iso8601).with { connection async throws in
            for (value, _, text) in cases { #expect(try await connection.value("SELECT ?", value) == .text(text)) }
        }
    }

    @Test("a timestamp that was decoded finds its own row, and SQLite's functions agree with it")
    func comparison() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE invoice(id INTEGER PRIMARY KEY, at TEXT)")
            try await connection.executeScript(
                "INSERT INTO invoice(at) VALUES ('2021-01-01 00:00:00'), (datetime('2021-01-02')), ('2021-01-02 10:00:00.250')"
            )
            for text in try await connection.rows("SELECT at FROM invoice").flatMap({ $0 }) {
                for bound in [
                    try SQLTimestamp(sqlValue: text).sqlValue, try SQLZonedTimestamp(sqlValue: text).sqlValue,
                ] {
                    #expect(try await connection.value("SELECT count(*) FROM invoice WHERE at = ?", bound) == .int(1))
                }
            }
            let second = moment("2021-01-02T00:00:00Z")
            #expect(
                try await connection.rows("SELECT id FROM invoice WHERE at >= ? ORDER BY at", second) == [
                    [.int(2)], [.int(3)],
                ])
            #expect(try await connection.value("SELECT datetime(?) = ?", second, second) == .int(1))
            let plus = timestamp("2021-01-02T10:00:00.250")
            #expect(try await connection.value("SELECT strftime('%Y-%m-%d %H:%M:%f', ?) = ?", plus, plus) == .int(1))
        }
    }

    @Test("CURRENT_TIMESTAMP lies between a minute ago and in a minute")
    func currentTimestamp() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE event(at TEXT DEFAULT CURRENT_TIMESTAMP)")
            try await connection.run("INSERT INTO event DEFAULT VALUES")
            let rows = try await connection.query("SELECT at FROM event")
            let now = try rows[0][0, as: SQLZonedTimestamp.self].microsecondsSince1970
            let (before, after) = (now - 60_000_000, now + 60_000_000)
            let count = try await connection.value(
                "SELECT count(*) FROM event WHERE at >= ? AND at < ?",
                .zonedTimestamp(SQLZonedTimestamp(microsecondsSince1970: before)),
                .zonedTimestamp(SQLZonedTimestamp(microsecondsSince1970: after)))
            #expect(count == .int(1))
        }
    }

    @Test(
        "moments keep their microseconds and their order in both forms, and each form is read",
        arguments: [true, false])
    func roundTrip(isSQLite: Bool) async throws {
        let numbers: [Int64] = [
            0, 1, -1, 999_999, 1_000_000, 500_000, 500_001, 1_700_000_000_123_000, 1_700_000_000_123_456,
            1_700_000_000_123_457, 1_700_000_000_124_000,
        ]
        let moments = numbers.map { SQLZonedTimestamp(microsecondsSince1970: $0) }
        try await TestDatabase(timestampText: isSQLite ? .sqlite : .iso8601).with { connection async throws in
            try await connection.run("CREATE TABLE t(moment TEXT, local TEXT)")
            for moment in moments {
                _ = try await connection.execute("INSERT INTO t VALUES (\(moment), \(SQLTimestamp(inUTC: moment)))")
            }
            let rows = try await connection.query("SELECT moment, local FROM t ORDER BY moment")
            #expect(try rows.map { try $0[0, as: SQLZonedTimestamp.self] } == moments.sorted())
            #expect(
                try rows.map { try $0[1, as: SQLTimestamp.self] } == moments.sorted().map { SQLTimestamp(inUTC: $0) })
            let first = try await connection.query("SELECT '2024-01-31 12:00:00', '2024-01-31T12:00:00Z'")[0]
            #expect(try first[0, as: SQLZonedTimestamp.self] == first[1, as: SQLZonedTimestamp.self])
        }
    }

    private func timestamp(_ text: String) -> SQLValue { SQLTimestamp(text)?.sqlValue ?? .null }

    private func moment(_ text: String) -> SQLValue { SQLZonedTimestamp(text)?.sqlValue ?? .null }
}
