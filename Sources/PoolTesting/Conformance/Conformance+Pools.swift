import PoolSQL

extension DriverConformance {
    var poolChecks: [ConformanceCheck] {
        [
            ConformanceCheck("many tasks lose no update") {
                try await withPool { pool in try await countTogether(pool, tasks: 16, increments: 25) }
            },
            ConformanceCheck("readers see only what was committed") {
                try await withPool { pool in try await moveMoney(pool) }
            },
            ConformanceCheck("the pool never opens more than its maximum") {
                try await withTable(2) { pool in
                    try await withThrowingTaskGroup { group in
                        for _ in 0..<20 {
                            group.addTask { _ = try await pool.query("SELECT count(*) FROM t", .readOnly) }
                        }
                        try await group.waitForAll()
                    }
                    let statistics = pool.statistics
                    try expect(statistics.peakLeased <= 2, "\(statistics.peakLeased) leases at once")
                    try expect(statistics.counts.total <= 2, "\(statistics.counts)")
                }
            },
            ConformanceCheck("close(drain:) interrupts what runs and leaves no connection open") {
                let observer = RecordingObserver()
                try await withPool(2, observer: observer) { pool in
                    let lease = Task { [long = subject.longStatement] in
                        try await pool.withConnection { _ = try await $0.query(long) }
                    }
                    try await observer.steps(1, .lease, .began)
                    try await pool.close(drain: .zero)
                    try await expectError("the statement under which the pool was closed") { try await lease.value }
                    let counts = pool.statistics.counts
                    try expect(counts.total == 0, "the closed pool has \(counts)")
                }
            },
            ConformanceCheck("clear() replaces the connections, and the work goes on") {
                try await withTable { pool in
                    for value in 1...10 {
                        try await pool.execute("INSERT INTO t VALUES (\(value))")
                        pool.clear()
                    }
                    try await expectRows(Array(1...10), pool)
                    try expect(pool.statistics.connectionsOpened > 5, "connections outlived clear()")
                }
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
