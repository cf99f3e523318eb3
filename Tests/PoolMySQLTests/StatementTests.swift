import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("Statements of MySQL", .timeLimit(.minutes(2)))
    struct StatementTests {
        private func prepared(_ connection: MySQLConnection) async throws -> Int {
            let rows = try await connection.query("SHOW SESSION STATUS LIKE 'Prepared_stmt_count'")
            return try Int(rows[0][1, as: String.self]) ?? -1
        }

        private func counted(_ name: String, _ connection: MySQLConnection) async throws -> Int {
            let rows = try await connection.query("SHOW SESSION STATUS LIKE '\(raw: name)'")
            return try Int(rows[0][1, as: String.self]) ?? -1
        }

        @Test("a statement is prepared once, and again after it fell out of the cache")
        func cache() async throws {
            try await withConnection {
                $0.statementCacheCapacity = 2
            } _: { _, connection async throws in
                let before = try await counted("Com_stmt_prepare", connection)
                for value in 1...5 {
                    #expect(try await connection.values("SELECT \(value) + 1") == [.int(Int64(value) + 1)])
                }
                #expect(try await counted("Com_stmt_prepare", connection) == before + 1)
                for value in 1...2 { _ = try await connection.query("SELECT \(value) + 2") }
                _ = try await connection.query("SELECT \(1) + 3")
                #expect(try await counted("Com_stmt_close", connection) == 1)
                _ = try await connection.query("SELECT \(1) + 1")
                #expect(try await counted("Com_stmt_prepare", connection) == before + 4)
            }
        }

        @Test("without a cache each statement is closed when it has run")
        func noCache() async throws {
            try await withConnection {
                $0.statementCacheCapacity = 0
            } _: { _, connection async throws in
                for value in 1...3 { _ = try await connection.query("SELECT \(value)") }
                #expect(try await counted("Com_stmt_close", connection) == 3)
            }
        }

        @Test("a reset drops the cache, and the statements work again after it")
        func cacheAfterReset() async throws {
            try await withConnection { driver, connection async throws in
                #expect(try await connection.values("SELECT \(1) + 1") == [.int(2)])
                _ = try await connection.execute("SET @left = 1")
                try await connection.reset()
                #expect(connection.condition == .clean)
                #expect(try await connection.values("SELECT \(2) + 1") == [.int(3)])
            }
        }

        @Test("a statement whose table has changed runs again with the new columns, also with another name or type")
        func changedTable() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE c (i INT, j INT)")
                _ = try await connection.execute("INSERT INTO c VALUES (1, 2)")
                let select: SQL = "SELECT * FROM c WHERE i = \(1)"
                #expect(try await connection.query(select).columns.names == ["i", "j"])
                _ = try await connection.execute("ALTER TABLE c CHANGE j k VARCHAR(10)")
                let renamed = try await connection.query(select)
                #expect(renamed.columns.names == ["i", "k"])
                #expect(Array(renamed[0].values) == [.int(1), .text("2")])
                _ = try await connection.execute("ALTER TABLE c ADD COLUMN n INT DEFAULT 7")
                let longer = try await connection.query(select)
                #expect(longer.columns.names == ["i", "k", "n"])
                _ = try await connection.execute("ALTER TABLE c DROP COLUMN k")
                let cursor = try await connection.open(select)
                #expect(cursor.columns.names == ["i", "n"])
                #expect(try await cursor.next(maximumRows: 10)?.count == 1)
                await cursor.close()
                #expect(try await connection.values("SELECT 1") == [.int(1)])
            }
        }

        @Test("a statement that the server has forgotten is prepared anew")
        func forgottenStatement() async throws {
            let relay = try Relay(to: PrivateMariaDB.shared.get())
            try await withConnection {
                $0.connect(toPort: Int(relay.port))
            } _: { _, connection async throws in
                for _ in 0..<3 {
                    #expect(try await connection.values("SELECT \(5)") == [.int(5)])
                    // Behind the driver's back.
                    relay.closeLatestStatement()
                }
                let cursor = try await connection.open("SELECT \(5)")
                #expect(try await cursor.next(maximumRows: 5)?.count == 1)
                await cursor.close()
                #expect(connection.condition == .dirty)
                let prepares = try await connection.query("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'")
                let count = try prepares[0][1, as: String.self]
                #expect(count == "4")
            }
            relay.stop()
        }

        @Test("affected rows count what was found, and an id that was generated is told")
        func affectedRows() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE a (i INT AUTO_INCREMENT PRIMARY KEY, v INT)")
                #expect(
                    try await connection.execute("INSERT INTO a(v) VALUES (\(5))")
                        == SQLStatementResult(affectedRows: 1, lastInsertedID: 1))
                #expect(
                    try await connection.execute("INSERT INTO a(v) VALUES (6), (7)")
                        == SQLStatementResult(affectedRows: 2)
                )
                #expect(try await connection.execute("UPDATE a SET v = 5").affectedRows == 3)
                #expect(try await connection.execute("UPDATE a SET v = 5").affectedRows == 3)
                #expect(try await connection.execute("SELECT * FROM a").affectedRows == 0)
                #expect(
                    try await connection.execute("DELETE FROM a WHERE i > \(1)") == SQLStatementResult(affectedRows: 2))
            }
        }

        @Test("a generated id beyond 63 bits is told by the result sets")
        func largeID() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease in
                    try await lease.execute("CREATE TEMPORARY TABLE b (i BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY)")
                    let results = try await lease.queryAll("INSERT INTO b VALUES (\(UInt64.max - 5))")
                    #expect(results.map(\.affectedRows) == [1])
                    let next = try await lease.queryAll("INSERT INTO b VALUES (NULL)")
                    #expect(next.map(\.lastInsertedID) == [.max - 4])
                }
            }
        }

        @Test("warnings are counted and can be read")
        func warnings() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease in
                    let results = try await lease.queryAll("SELECT CAST('12x' AS SIGNED)")
                    #expect(results.map(\.warningCount) == [1])
                    let warnings = try await lease.warnings()
                    #expect(warnings.map(\.code.rawValue) == [1292])
                    #expect(warnings.first?.level == "Warning")
                    #expect(warnings.first?.message.contains("12x") == true)
                    // One without a table would leave them as they are.
                    _ = try await lease.query("SELECT count(*) FROM mysql.db")
                    #expect(try await lease.warnings() == [])
                }
            }
        }

        @Test("a procedure's results come in order, with its out parameters last", arguments: [true, false])
        func procedures(isPrepared: Bool) async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withPool(1) {
                $0.database = name
                $0.statementProtocol = isPrepared ? .prepared : .textWithoutBinds
            } _: { pool async throws in
                try await pool.withConnection { lease in
                    try await lease.executeScript(
                        """
                        CREATE TABLE log (i INT);
                        CREATE PROCEDURE p(IN a INT, OUT b INT, INOUT c VARCHAR(20))
                        BEGIN
                            SELECT a AS first; INSERT INTO log VALUES (a), (a + 1); SELECT i FROM log ORDER BY i;
                            SET b = a * 2; SET c = CONCAT(c, '!');
                        END;
                        CREATE PROCEDURE q() BEGIN INSERT INTO log VALUES (9); SELECT 'x' AS x, 2 AS y; SELECT 3; END
                        """)
                    let results = try await lease.queryAll("CALL p(\(20), \(0), \("c"))")
                    #expect(results.count == 4)
                    #expect(results[0].rows.columns.names == ["first"])
                    #expect(try results[1].rows.decode(Int.self) == [20, 21])
                    #expect(results[2].areOutParameters)
                    #expect(try results[2].rows.decode((Int, String).self).first.map { $0 == (40, "c!") } == true)
                    #expect(results[3].rows.isEmpty && results[3].rows.columns.count == 0)
                    for _ in 0..<3 {
                        let plain = try await lease.queryAll("CALL q()")
                        #expect(plain.map(\.rows.count) == [1, 1, 0])
                        #expect(try await lease.query("CALL q()").columns.names == ["x", "y"])
                        _ = try await lease.execute("CALL q()")
                        let streamed = try await lease.stream("CALL q()") { rows in
                            var count = 0
                            while try await rows.next() != nil { count += 1 }
                            return count
                        }
                        #expect(streamed == 1)
                    }
                    #expect(try await lease.query("SELECT count(*) FROM log").decode(Int.self) == [14])
                }
            }
        }

        @Test(
            "a batch of inserts goes in one request, and its failure leaves what one after the other would",
            arguments: ["InnoDB", "MyISAM"])
        func bulk(engine: String) async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute(
                    "CREATE TEMPORARY TABLE k (i INT PRIMARY KEY, s VARCHAR(20), d DATE) ENGINE = \(raw: engine)")
                let insert: SQL = "INSERT INTO k VALUES (\(0), \(0), \(0))"
                let date = SQLDate(year: 2024, month: 2, day: 29).map { SQLValue.date($0) } ?? .null
                var sets: [[SQLValue]] = []
                for number in 0..<2_500 {
                    let text = number % 3 == 0 ? SQLValue.null : .text("s\(number)")
                    sets.append([.int(Int64(number)), text, number % 2 == 0 ? date : .null])
                }
                let before = try await counted("Questions", connection)
                let results = try await connection.executeBatch(insert, sets)
                #expect(try await counted("Questions", connection) - before < 30)
                #expect(results.count == 2_500 && results.allSatisfy { $0.affectedRows == 1 })
                let stored = try await connection.query("SELECT * FROM k ORDER BY i")
                #expect(stored.map { Array($0.values) } == sets)
                // The third is there already; of different types.
                let more: [[SQLValue]] = [
                    [.int(5_000), .text("a"), .null], [.text("5001"), .int(7), .null], [.int(3), .null, .null],
                    [.int(5_002), .null, .null],
                ]
                let same: [[SQLValue]] = [
                    [.int(6_000), .null, .null], [.int(6_001), .null, .null], [.int(3), .null, .null],
                ]
                for (batch, kept) in [(more, 5_000..<5_003), (same, 6_000..<6_002)] {
                    let error = await #expect(throws: MySQLError.self) {
                        _ = try await connection.executeBatch(insert, batch)
                    }
                    #expect(error?.code == .duplicateEntry)
                    let left = try await connection.query(
                        "SELECT i FROM k WHERE i >= \(kept.lowerBound) AND i < \(kept.upperBound)")
                    #expect(left.count == 2)
                }
                _ = try await connection.execute("DELETE FROM k WHERE i >= 5000")
                try await connection.transaction(.begin(SQLTransactionOptions()))
                await #expect(throws: MySQLError.self) { _ = try await connection.executeBatch(insert, same) }
                #expect(try await connection.values("SELECT count(*) FROM k WHERE i >= 6000") == [.int(2)])
                try await connection.transaction(.commit)
                #expect(try await connection.values("SELECT count(*) FROM k WHERE i >= 6000") == [.int(2)])
            }
        }

        @Test("a batch under LOCK TABLES leaves them locked")
        func batchUnderLock() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { _, connection async throws in
                _ = try await connection.execute("CREATE TABLE g (i INT)")
                _ = try await connection.execute("CREATE TABLE h (i INT)")
                _ = try await connection.execute("LOCK TABLES g WRITE")
                let results = try await connection.executeBatch(
                    "INSERT INTO g VALUES (\(0))", (1...50).map { [.int($0)] })
                #expect(results.count == 50)
                // What is not locked cannot be used while something is.
                let error = await #expect(throws: MySQLError.self) { _ = try await connection.query("SELECT * FROM h") }
                #expect(error?.code.rawValue == 1100)
            }
        }

        @Test("a batch of updates tells for each run how many rows it changed")
        func batchOfUpdates() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE m (i INT)")
                _ = try await connection.executeBatch("INSERT INTO m VALUES (\(0))", (1...6).map { [.int($0)] })
                let results = try await connection.executeBatch(
                    "UPDATE m SET i = i + 100 WHERE i <= \(0)", [[.int(1)], [.int(3)], [.int(3)], [.int(6)]])
                #expect(results.map(\.affectedRows) == [1, 2, 0, 3])
            }
        }

        @Test("what is larger than the server takes is refused before it is sent, and the connection goes on")
        func packetTooLarge() async throws {
            try await withConnection { driver, connection async throws in
                let large = String(repeating: "x", count: 17_000_000)
                let error = await #expect(throws: MySQLError.self) {
                    _ = try await connection.query("SELECT LENGTH(\(large))")
                }
                #expect(error?.code == .packetTooLarge)
                #expect(error?.description.contains("max_allowed_packet") == true)
                #expect(driver.verdict(on: error ?? MySQLTestFailure()) == .keep)
                await #expect(throws: MySQLError.self) {
                    _ = try await connection.query("SELECT LENGTH('\(raw: large)')")
                }
                #expect(connection.condition == .clean)
                let most = String(repeating: "x", count: 16_700_000)
                #expect(try await connection.values("SELECT LENGTH(\(most))") == [.int(16_700_000)])
            }
        }

        @Test("rows that wait for a slow reader of a stream are no sign that the connection has ended")
        func slowReader() async throws {
            try await withConnection { _, connection async throws in
                let cursor = try await connection.open("SELECT repeat('x', 1000) FROM seq_1_to_5000 WHERE seq > \(0)")
                #expect(try await cursor.next(maximumRows: 1)?.count == 1)
                let end = ContinuousClock.now + .milliseconds(50)
                while ContinuousClock.now < end {
                    try #require(connection.condition == .dirty)
                    await Task.yield()
                }
                #expect(try await cursor.next(maximumRows: 5_000)?.count == 4_999)
                await cursor.close()
                #expect(connection.condition == .clean)
            }
        }

        @Test("a stream holds a batch at a time, and stops early on the server")
        func streams() async throws {
            for statementProtocol in [MySQLConfiguration.StatementProtocol.prepared, .textWithoutBinds] {
                try await withConnection {
                    $0.statementProtocol = statementProtocol
                } _: { driver, connection async throws in
                    let start = ContinuousClock.now
                    // A billion rows, if nobody stopped it.
                    let cursor = try await connection.open("SELECT seq FROM seq_1_to_1000000000")
                    var count = 0
                    while count < 3_000, let rows = try await cursor.next(maximumRows: 100) {
                        #expect(rows.count == 100)
                        count += rows.count
                    }
                    await cursor.close()
                    #expect(try await conditionAfterRelease(driver, connection) == .clean)
                    #expect(try await connection.values("SELECT \(count)") == [.int(3_000)])
                    #expect(ContinuousClock.now - start < .seconds(10))
                }
            }
        }

        @Test("a script keeps the bodies of procedures whole, and a statement alone may not hold two")
        func scripts() async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { _, connection async throws in
                try await connection.executeScript(
                    "CREATE TABLE s (i INT); CREATE PROCEDURE p() BEGIN INSERT INTO s VALUES (1); INSERT INTO s VALUES (2); END; CALL p();"
                )
                #expect(try await connection.values("SELECT count(*) FROM s") == [.int(2)])
                let error = await #expect(throws: MySQLError.self) {
                    _ = try await connection.execute("DELETE FROM s; DELETE FROM s")
                }
                #expect(error?.code == .parseError)
                #expect(try await connection.values("SELECT count(*) FROM s") == [.int(2)])
            }
        }

        @Test("a statement that the server cannot prepare runs as text")
        func notPreparable() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE n (i INT)")
                _ = try await connection.execute("LOCK TABLES n READ")
                _ = try await connection.execute("UNLOCK TABLES")
                #expect(try await connection.query("SHOW TABLES").columns.count == 1)
                #expect(try await connection.query("EXPLAIN SELECT 1").count == 1)
            }
        }

        @Test("the files of this machine stay here unless they are asked for")
        func localInfile() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE f (s TEXT)")
                await #expect(throws: MySQLError.self) {
                    _ = try await connection.execute("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE f")
                }
            }
            try await withConnection {
                $0.allowsLocalInfile = true
            } _: { _, connection async throws in
                _ = try await connection.execute("CREATE TEMPORARY TABLE f (s TEXT)")
                let result = try await connection.execute("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE f")
                #expect(result.affectedRows > 0)
            }
        }
    }
}

/// An error for where none should be needed.
struct MySQLTestFailure: Error {}
