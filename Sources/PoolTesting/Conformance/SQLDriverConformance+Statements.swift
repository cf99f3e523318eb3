import PoolSQL

extension SQLDriverConformance {
    var statementChecks: [ConformanceCheck] { errorChecks + resultChecks + reuseChecks }

    private var errorChecks: [ConformanceCheck] {
        [
            ConformanceCheck("too few or too many bind values are an error that keeps the connection") {
                try await withConnection { bench in
                    let few = SQL(raw: "SELECT \(placeholder(1))")
                    var error = try await expectError("a statement with too few bind values") {
                        _ = try await bench.connection.query(few)
                    }
                    try await bench.expectKept(error, after: "too few bind values")
                    error = try await expectError("a statement with too many bind values") {
                        _ = try await bench.connection.query(SQL(raw: "SELECT 1", binds: [1]))
                    }
                    try await bench.expectKept(error, after: "too many bind values")
                }
            },
            ConformanceCheck("a syntax error keeps the connection") {
                try await withConnection { bench in
                    let error = try await expectError("nonsense") {
                        _ = try await bench.connection.execute("SELEC nonsense")
                    }
                    try await bench.expectKept(error, after: "a syntax error")
                }
            },
            ConformanceCheck("an error says what is wrong, in which statement, with which code and of which kind") {
                try await withConnection { bench in
                    try await createNumbers(1, on: bench)
                    let thrown = try await expectError("a second row with the same key") {
                        _ = try await bench.connection.execute("INSERT INTO numbers(i) VALUES (\(1))")
                    }
                    guard let error = thrown as? any SQLDriverError else {
                        throw BrokenExpectation(reason: "\(type(of: thrown)) is no SQLDriverError")
                    }
                    try expect(error.kind == .uniqueViolation, "its kind is \(error.kind)")
                    try expect(
                        error.sql?.contains("INSERT INTO numbers(i)") == true,
                        "its statement is \(error.sql ?? "missing")")
                    let (code, text) = ("\(error.code)", "\(error)")
                    try expect(!code.isEmpty && text.contains(code), "\(text) does not contain the code, \(code)")
                    try expect(
                        !error.message.isEmpty && text.contains(error.message),
                        "\(text) does not contain the message, \(error.message)")
                    try expect(!error.isConnecting, "it counts as the error of a connect")
                    try await bench.expectKept(error, after: "a second row with the same key")
                }
            },
            ConformanceCheck("an unknown table keeps the connection") {
                try await withConnection { bench in
                    let error = try await expectError("a query of no table") {
                        _ = try await bench.connection.query("SELECT * FROM no_such_table")
                    }
                    try await bench.expectKept(error, after: "an unknown table")
                }
            },
            ConformanceCheck("a violated constraint keeps the connection and changes nothing") {
                try await withConnection { bench in
                    try await createNumbers(3, on: bench)
                    let error = try await expectError("a second row with the same key") {
                        _ = try await bench.connection.execute("INSERT INTO numbers(i) VALUES (\(2))")
                    }
                    try await bench.expectKept(error, after: "a violated constraint")
                    try expect(try await bench.integers("SELECT count(*) FROM numbers") == [3], "a row was added")
                }
            },
        ]
    }

    private var resultChecks: [ConformanceCheck] {
        [
            ConformanceCheck("a statement says how many rows it has changed") {
                try await withConnection { bench in
                    try await createNumbers(5, on: bench)
                    let updated = try await bench.connection.execute("UPDATE numbers SET i = i + 100 WHERE i > \(3)")
                    try expect(updated.affectedRows == 2, "an update of 2 rows reports \(updated.affectedRows)")
                    let deleted = try await bench.connection.execute("DELETE FROM numbers WHERE i = \(77)")
                    try expect(deleted.affectedRows == 0, "a delete of nothing reports \(deleted.affectedRows)")
                }
            },
            ConformanceCheck("columns keep their names and their order, also where two are the same") {
                try await withConnection { bench in
                    let rows = try await bench.connection.query("SELECT 1 AS one, 2 AS two, 3 AS one")
                    try expect(rows.columns.names == ["one", "two", "one"], "the columns are \(rows.columns.names)")
                    try expect(rows.map { $0.values.count } == [3], "the rows are \(rows)")
                }
            },
            ConformanceCheck("a query without rows still has its columns") {
                try await withConnection { bench in
                    let rows = try await bench.connection.query("SELECT 1 AS one WHERE 1 = 0")
                    try expect(rows.isEmpty && rows.columns.names == ["one"], "it returns \(rows)")
                }
            },
            ConformanceCheck("identifiers are quoted") {
                try await withConnection { bench in
                    let name = "we\"ird `table'; x"
                    _ = try await bench.connection.execute("CREATE TABLE \(identifier: name) (i \(raw: integerType))")
                    _ = try await bench.connection.execute("INSERT INTO \(identifier: name) VALUES (\(7))")
                    try expect(try await bench.integers("SELECT i FROM \(identifier: name)") == [7], "the row is lost")
                }
            },
            ConformanceCheck("a batch runs once for each set of values and stops at the first failure") {
                try await withConnection { bench in
                    _ = try await bench.connection.execute("CREATE TABLE batch (i \(raw: integerType) PRIMARY KEY)")
                    try await bench.settle()
                    let insert: SQL = "INSERT INTO batch(i) VALUES (\(0))"
                    let results = try await bench.connection.executeBatch(insert, [[.int(1)], [.int(2)], [.int(3)]])
                    try expect(results.map(\.affectedRows) == [1, 1, 1], "the results are \(results)")
                    let error = try await expectError("a batch with a duplicate") {
                        _ = try await bench.connection.executeBatch(insert, [[.int(4)], [.int(1)], [.int(5)]])
                    }
                    try await bench.expectKept(error, after: "a batch that failed")
                    let rest = try await bench.integers("SELECT i FROM batch WHERE i = 5")
                    try expect(rest.isEmpty, "the batch went on after its failure")
                    let none = try await bench.connection.executeBatch(insert, [])
                    try expect(none.isEmpty, "an empty batch has results: \(none)")
                }
            },
            ConformanceCheck("a script runs all its statements, and a failure keeps the connection") {
                try await withConnection { bench in
                    try await bench.connection.executeScript(
                        "CREATE TABLE script (i \(integerType)); INSERT INTO script VALUES (1);\n"
                            + "-- a comment; with a semicolon\nINSERT INTO script VALUES (2), (3);")
                    try expect(try await bench.integers("SELECT count(*) FROM script") == [3], "statements are missing")
                    try await bench.settle()
                    let error = try await expectError("a script with an error") {
                        try await bench.connection.executeScript("INSERT INTO script VALUES (4); SELEC nonsense")
                    }
                    try await bench.expectKept(error, after: "a script that failed")
                    try await bench.connection.executeScript("")
                }
            },
        ]
    }

    private var reuseChecks: [ConformanceCheck] {
        [
            ConformanceCheck("a prepared statement tells its shape and can be run again and again") {
                try await withPool(1) { pool in
                    try await pool.withConnection { lease in
                        let statement = try await lease.prepare("SELECT \(.parameter) + 1 AS next")
                        try expect(statement.parameterCount == 1, "it takes \(statement.parameterCount) values")
                        try expect(statement.columnNames == ["next"], "its columns are \(statement.columnNames)")
                        for value in 1...20 {
                            let next = try await lease.query(statement, value).decode(Int.self)
                            try expect(next == [value + 1], "\(value) + 1 is \(next)")
                        }
                    }
                }
            },
            ConformanceCheck("preparing a statement with an error throws, and keeps the connection") {
                try await withConnection { bench in
                    let error = try await expectError("preparing nonsense") {
                        _ = try await bench.connection.prepare("SELEC nonsense")
                    }
                    try await bench.expectKept(error, after: "preparing nonsense")
                }
            },
            ConformanceCheck("a statement that was used before sees a change of its table") {
                try await withConnection { bench in
                    try await createNumbers(2, on: bench)
                    let statement: SQL = "SELECT * FROM numbers WHERE i = \(1)"
                    for _ in 0..<3 { _ = try await bench.connection.query(statement) }
                    _ = try await bench.connection.execute("ALTER TABLE numbers ADD COLUMN note \(raw: textType)")
                    let columns = try await bench.connection.query(statement).columns.names
                    try expect(columns == ["i", "note"], "the columns are \(columns)")
                }
            },
            ConformanceCheck("many different statements do not disturb each other") {
                try await withConnection { bench in
                    for number in 0..<300 {
                        let answer = try await bench.integers("SELECT \(raw: "\(number)") + \(number % 7)")
                        try expect(answer == [Int64(number + number % 7)], "statement \(number) returns \(answer)")
                    }
                }
            },
        ]
    }
}
