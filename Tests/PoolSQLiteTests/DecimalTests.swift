import Testing

@testable import PoolSQLite

@Suite("Decimals in SQLite")
struct DecimalTests {
    @Test(
        "a decimal is bound as the number that is the same, and as a text where there is none",
        arguments: [
            ("40", "integer"), ("40.00", "integer"), ("-9223372036854775808", "integer"),
            ("9223372036854775807.0", "integer"),
            ("0", "integer"), ("0.1", "real"), ("-19.99", "real"), ("1.50", "real"), ("123456789.012345", "real"),
            ("0.000000000000000000001", "real"), ("1234567890123456.7", "text"),
            ("0.1000000000000000055511151231257827", "text"),
            ("9223372036854775808.5", "text"), ("Infinity", "real"), ("-Infinity", "real"), ("NaN", "text"),
        ])
    func kind(text: String, type: String) async throws {
        let decimal = try #require(SQLDecimal(text))
        try await TestDatabase(functions: [SQLiteFunction("same", argumentCount: 0) { _ in .decimal(decimal) }]).with {
            connection async throws in
            #expect(try await connection.value("SELECT typeof(?)", .decimal(decimal)) == .text(type))
            #expect(try await connection.value("SELECT typeof(same())") == .text(type))
            try await connection.run("CREATE TABLE t(any, exact TEXT)")
            _ = try await connection.execute("INSERT INTO t VALUES (\(decimal), \(decimal))")
            let row = try await connection.query("SELECT any, exact FROM t")[0]
            #expect(try row[0, as: SQLDecimal.self] == decimal)
            #expect(try row[1, as: SQLDecimal.self] == decimal)
        }
    }

    @Test("a decimal compares with sums, products, aggregates and subqueries as a number")
    func expressions() async throws {
        try await TestDatabase().with { connection async throws in
            try await connection.run("CREATE TABLE line(customer INTEGER, price NUMERIC(10, 2))")
            try await connection.executeScript("INSERT INTO line VALUES (1, 19.99), (1, 25), (2, 0.99), (2, 1.5)")
            let texts = [
                "SELECT count(*) FROM (SELECT 1 FROM line GROUP BY customer HAVING SUM(price) > ?)",
                "SELECT count(*) FROM line WHERE price * 2 > ?",
                "SELECT count(*) FROM line WHERE abs(price) + 0 > ?",
                "SELECT count(*) FROM (SELECT price * 2 AS twice FROM line) WHERE twice > ?",
                "SELECT count(*) FROM line WHERE coalesce(price, 0) BETWEEN ? AND 30",
                "SELECT min(price, ?) FROM line WHERE price = 25",
            ]
            for text in ["40", "20.5", "2.00", "1.50"] {
                let (decimal, double) = (try #require(SQLDecimal(text)), try #require(Double(text)))
                for query in texts {
                    let (found, expected) = try await (
                        connection.query(SQL(raw: query, binds: [decimal])),
                        connection.query(SQL(raw: query, binds: [double]))
                    )
                    #expect(
                        try found[0].decode(Double.self) == expected[0].decode(Double.self), "\(query) with \(text)")
                }
            }
        }
    }
}
