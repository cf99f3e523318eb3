import PoolSQL

extension SQLDriverConformance {
    var poolChecks: [ConformanceCheck] {
        [
            ConformanceCheck("many tasks lose no update") {
                try await withPool { pool in try await countTogether(pool, tasks: 16, increments: 25) }
            },
            ConformanceCheck("readers see only what was committed") {
                try await withPool { pool in try await moveMoney(pool) }
            },
        ]
    }

    private func countTogether(_ pool: Pool<Driver>, tasks: Int, increments: Int) async throws {
        try await pool.execute("CREATE TABLE counter (id \(raw: integerType) PRIMARY KEY, value \(raw: integerType))")
        try await pool.execute("INSERT INTO counter VALUES (1, 0)")
        let locking = subject.lockingClause
        try await withThrowingTaskGroup { group in
            for _ in 0..<tasks {
                group.addTask {
                    for _ in 0..<increments {
                        try await pool.withTransaction(SQLTransactionOptions(maximumRetries: 100)) { transaction in
                            let value = try await transaction.query(
                                "SELECT value FROM counter WHERE id = 1 \(raw: locking)"
                            ).decode(Int.self)
                            try expect(value.count == 1, "the counter is \(value)")
                            try await transaction.execute("UPDATE counter SET value = \(value[0] + 1) WHERE id = 1")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let value = try await pool.query("SELECT value FROM counter").decode(Int.self)
        try expect(value == [tasks * increments], "\(tasks) × \(increments) increments make \(value)")
    }

    private func moveMoney(_ pool: Pool<Driver>) async throws {
        try await pool.execute("CREATE TABLE account (id \(raw: integerType) PRIMARY KEY, balance \(raw: integerType))")
        try await pool.execute("INSERT INTO account VALUES (1, 500), (2, 500)")
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    for amount in 1...25 {
                        try await pool.withTransaction(SQLTransactionOptions(maximumRetries: 100)) { transaction in
                            try await transaction.execute(
                                "UPDATE account SET balance = balance - \(amount) WHERE id = 1")
                            try await transaction.execute(
                                "UPDATE account SET balance = balance + \(amount) WHERE id = 2")
                        }
                    }
                }
            }
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<50 {
                        let sum = try await pool.query("SELECT sum(balance) FROM account", .readOnly).decode(Int.self)
                        try expect(sum == [1_000], "a reader sees \(sum)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
