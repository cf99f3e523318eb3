import PoolSQL

extension SQLDriverConformance {
    var cancellationChecks: [ConformanceCheck] {
        [
            ConformanceCheck("a cancel that comes too late never disturbs the next statement") {
                try await withConnection { bench in try await cancelTooLate(bench) }
            },
            ConformanceCheck("a statement of a task that is cancelled already does not run") {
                try await withConnection { bench in
                    try await createNumbers(1, on: bench)
                    let connection = bench.connection
                    let task = Task {
                        withUnsafeCurrentTask { $0?.cancel() }
                        _ = try await connection.execute("UPDATE numbers SET i = 2")
                    }
                    let result = await task.result
                    let value = try await bench.integers("SELECT i FROM numbers")
                    if case .success = result {
                        try expect(value == [2], "it has succeeded without an effect")
                    } else {
                        try expect(value == [1], "it has failed with an effect")
                    }
                    try await bench.expectHealthy(after: "a cancelled task", mayHaveMessages: true)
                }
            },
            ConformanceCheck("a cancelled transaction is rolled back") {
                try await withTable { pool in try await cancelTransactions(pool) }
            },
        ]
    }

    private func cancelTooLate(_ bench: Bench) async throws {
        var random = SeededRandom(seed: subject.seed &+ 1)
        let connection = bench.connection
        for round in 1...(subject.cancellationRounds * 4) {
            let quick = Task { try await connection.query("SELECT 1") }
            await yieldRandomly(0...5, &random)
            connection.cancel()
            quick.cancel()
            // This statement may be hit, or not. The next ones must not.
            _ = await quick.result
            if connection.condition == .broken { return }
            let answer = try await bench.integers("SELECT \(round)")
            try expect(answer == [Int64(round)], "round \(round): the next statement returns \(answer)")
        }
        try await bench.expectHealthy(after: "cancels that came too late", mayHaveMessages: true)
    }

    private func cancelTransactions(_ pool: Pool<Driver>) async throws {
        var random = SeededRandom(seed: subject.seed)
        for value in 1...20 {
            let work = Task { [long = subject.longStatement] in
                try await pool.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (\(value))")
                    _ = try await transaction.query(long)
                }
            }
            await yieldRandomly(0...300, &random)
            work.cancel()
            try await expectError("the transaction") { try await work.value }
            try await expectRows([], pool)
        }
    }
}
