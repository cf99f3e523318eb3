import PoolSQL
internal import Synchronization

extension DriverConformance {
    var cancellationChecks: [ConformanceCheck] {
        [
            ConformanceCheck("a cancelled statement ends, and its connection is usable or says that it is broken") {
                try await withConnection { bench in try await cancelTasks(bench) }
            },
            ConformanceCheck("cancel() ends the statement that runs, and its connection is usable or broken") {
                try await withConnection { bench in try await cancelStatements(bench) }
            },
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
            ConformanceCheck("a forced close during a statement returns, and ends the statement") {
                var random = SeededRandom(seed: subject.seed)
                for _ in 0..<10 {
                    let driver = try await subject.makeDriver()
                    let connection = try await connect(driver)
                    let statement = Task { [long = subject.longStatement] in try await connection.query(long) }
                    await yield(0...100, &random)
                    await connection.close(.forced)
                    try await expectError("a statement whose connection was closed") { _ = try await statement.value }
                    await subject.dispose(driver)
                }
            },
        ]
    }

    private func yield(_ times: ClosedRange<Int>, _ random: inout SeededRandom) async {
        for _ in 0..<Int.random(in: times, using: &random) { await Task.yield() }
    }

    private func cancelTasks(_ bench: Bench) async throws {
        var random = SeededRandom(seed: subject.seed)
        let (connection, long) = (bench.connection, subject.longStatement)
        for round in 1...subject.cancellationRounds {
            let statement = Task { try await connection.query(long) }
            await yield(0...300, &random)
            statement.cancel()
            let error = try await expectError("the long statement") { _ = try await statement.value }
            try expect(error is CancellationError, "round \(round): a cancelled statement throws \(error)")
            if connection.condition == .broken { return }
            try await bench.expectHealthy(after: "the cancelled statement of round \(round)", mayHaveMessages: true)
        }
    }

    private func cancelStatements(_ bench: Bench) async throws {
        let (connection, long) = (bench.connection, subject.longStatement)
        for round in 1...10 {
            let isOver = SharedFlag()
            let statement = Task {
                defer { isOver.set() }
                return try await connection.query(long)
            }
            // A cancel before the statement has begun has no effect: another must follow.
            while !isOver.isSet {
                connection.cancel()
                await Task.yield()
            }
            try await expectError("the long statement") { _ = try await statement.value }
            if connection.condition == .broken { return }
            try await bench.expectHealthy(after: "cancel() in round \(round)", mayHaveMessages: true)
        }
    }

    private func cancelTooLate(_ bench: Bench) async throws {
        var random = SeededRandom(seed: subject.seed &+ 1)
        let connection = bench.connection
        for round in 1...(subject.cancellationRounds * 4) {
            let quick = Task { try await connection.query("SELECT 1") }
            await yield(0...5, &random)
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
            await yield(0...300, &random)
            work.cancel()
            try await expectError("the transaction") { try await work.value }
            try await expectRows([], pool)
        }
    }
}

/// A flag that two tasks share.
private final class SharedFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
