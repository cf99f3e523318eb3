import PoolSQL

extension SQLDriverConformance {
    var transactionChecks: [ConformanceCheck] { directChecks + leaseChecks }

    private var directChecks: [ConformanceCheck] {
        [
            ConformanceCheck("a connection is dirty while a transaction is open, and clean after it") {
                try await withConnection { bench in
                    try await createNumbers(1, on: bench)
                    for end in [SQLTransactionCommand.commit, .rollback] {
                        try await bench.connection.transaction(.begin(SQLTransactionOptions()))
                        _ = try await bench.connection.execute("UPDATE numbers SET i = i + 1")
                        try expect(bench.connection.condition == .dirty, "it is \(bench.connection.condition)")
                        try await bench.connection.transaction(end)
                        try await bench.expectHealthy(after: "\(end)")
                    }
                    try expect(try await bench.integers("SELECT i FROM numbers") == [2], "one update should be kept")
                }
            },
            ConformanceCheck("a reset rolls back what was open, and leaves the connection clean") {
                try await withConnection { bench in
                    try await createNumbers(1, on: bench)
                    try await bench.connection.transaction(.begin(SQLTransactionOptions()))
                    _ = try await bench.connection.execute("UPDATE numbers SET i = 99")
                    try await bench.connection.reset()
                    try await bench.expectHealthy(after: "reset")
                    try expect(try await bench.integers("SELECT i FROM numbers") == [1], "the update was kept")
                }
            },
            ConformanceCheck("every isolation level and access can be asked for") {
                try await withConnection { bench in
                    let levels: [SQLTransactionOptions.Isolation?] = [
                        nil, .readUncommitted, .readCommitted, .repeatableRead, .serializable,
                    ]
                    for isolation in levels {
                        for access in [nil, PoolAccess.readOnly, .readWrite] {
                            try await bench.connection.transaction(
                                .begin(SQLTransactionOptions(isolation: isolation, access: access)))
                            _ = try await bench.connection.query("SELECT 1")
                            try await bench.connection.transaction(.rollback)
                            try await bench.expectHealthy(after: "a transaction with \(String(describing: isolation))")
                        }
                    }
                }
            },
        ]
    }

    private var leaseChecks: [ConformanceCheck] {
        [
            ConformanceCheck("a transaction is kept when its body returns, and undone when it throws") {
                try await withTable { pool in
                    try await pool.withTransaction { try await $0.execute("INSERT INTO t VALUES (\(1))") }
                    let error = try await expectError("a body that throws") {
                        try await pool.withTransaction { transaction in
                            try await transaction.execute("INSERT INTO t VALUES (\(2))")
                            throw BrokenExpectation(reason: "on purpose")
                        }
                    }
                    try expect((error as? BrokenExpectation)?.reason == "on purpose", "the error became \(error)")
                    try await expectRows([1], pool)
                }
            },
            ConformanceCheck("a database error in a transaction undoes it and leaves the connection usable") {
                try await withTable { pool in
                    try await expectError("a transaction with an error") {
                        try await pool.withTransaction { transaction in
                            try await transaction.execute("INSERT INTO t VALUES (\(1))")
                            try await transaction.execute("INSERT INTO t VALUES (\(1))")
                        }
                    }
                    try await expectRows([], pool)
                }
            },
            ConformanceCheck("savepoints undo their own part and nothing else") {
                try await withTable { pool in
                    try await pool.withTransaction { outer in
                        try await outer.execute("INSERT INTO t VALUES (\(1))")
                        try await outer.transaction { try await $0.execute("INSERT INTO t VALUES (\(2))") }
                        try await expectError("a savepoint whose body throws") {
                            try await outer.transaction { inner in
                                try await inner.execute("INSERT INTO t VALUES (\(3))")
                                try await inner.transaction { try await $0.execute("INSERT INTO t VALUES (\(4))") }
                                throw BrokenExpectation(reason: "on purpose")
                            }
                        }
                        try await outer.transaction { inner in
                            try await inner.execute("INSERT INTO t VALUES (\(5))")
                            inner.setRollbackOnly()
                        }
                        try await outer.execute("INSERT INTO t VALUES (\(6))")
                    }
                    try await expectRows([1, 2, 6], pool)
                }
            },
            ConformanceCheck("a savepoint survives a database error in it") {
                try await withTable { pool in
                    try await pool.withTransaction { outer in
                        try await outer.execute("INSERT INTO t VALUES (\(1))")
                        try await expectError("a duplicate") {
                            _ = try await outer.transaction { try await $0.execute("INSERT INTO t VALUES (\(1))") }
                        }
                        try await outer.execute("INSERT INTO t VALUES (\(2))")
                    }
                    try await expectRows([1, 2], pool)
                }
            },
            ConformanceCheck("what is committed is seen by every lease that begins afterwards, also on a reader") {
                try await withTable { pool in
                    for value in 1...50 {
                        try await pool.withTransaction { try await $0.execute("INSERT INTO t VALUES (\(value))") }
                        let seen = try await pool.query("SELECT max(i) FROM t", .readOnly).decode(Int.self)
                        try expect(seen == [value], "after \(value) a reader sees \(seen)")
                    }
                }
            },
        ]
    }

    /// Calls `body` with a pool whose database has the table `t(i)`.
    func withTable(_ maximumConnections: Int = 4, _ body: (Pool<Driver>) async throws -> Void) async throws {
        try await withPool(maximumConnections) { pool in
            try await pool.execute("CREATE TABLE t (i \(raw: integerType) NOT NULL PRIMARY KEY)")
            try await body(pool)
        }
    }

    func expectRows(_ expected: [Int], _ pool: Pool<Driver>) async throws {
        let rows = try await pool.query("SELECT i FROM t ORDER BY i").decode(Int.self)
        try expect(rows == expected, "the table has \(rows), not \(expected)")
    }
}
