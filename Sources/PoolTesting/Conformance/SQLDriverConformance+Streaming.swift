@_spi(Driver) import PoolSQL

extension SQLDriverConformance {
    var streamingChecks: [ConformanceCheck] {
        var checks = [
            ConformanceCheck("a stream delivers every row once and in order, whatever the size of its batches") {
                try await withConnection { bench in
                    try await createNumbers(1_000, on: bench)
                    for size in [1, 7, 1_000, 5_000] {
                        let cursor = try await bench.connection.open("SELECT i FROM numbers ORDER BY i")
                        try expect(cursor.columns.names == ["i"], "its columns are \(cursor.columns.names)")
                        var seen: [Int64] = []
                        while let rows = try await cursor.next(maximumRows: size) {
                            try expect(!rows.isEmpty, "a batch was empty")
                            seen += try rows.decode(Int64.self)
                        }
                        try await cursor.close()
                        try expect(seen == Array(1...1_000), "with batches of \(size) it delivers \(seen.count) rows")
                        try await bench.expectHealthy(after: "a stream")
                    }
                }
            },
            ConformanceCheck("a stream can stop early, and be closed twice") {
                try await withConnection { bench in
                    try await createNumbers(1_000, on: bench)
                    for count in 0..<5 {
                        let cursor = try await bench.connection.open("SELECT i FROM numbers ORDER BY i")
                        for _ in 0..<count { _ = try await cursor.next(maximumRows: 10) }
                        try await cursor.close()
                        try await cursor.close()
                        try await bench.expectHealthy(after: "a stream that stopped early", mayHaveMessages: true)
                    }
                }
            },
            ConformanceCheck("a stream without rows ends at once, with its columns") {
                try await withConnection { bench in
                    let cursor = try await bench.connection.open("SELECT 1 AS one WHERE 1 = 0")
                    try expect(cursor.columns.names == ["one"], "its columns are \(cursor.columns.names)")
                    try expect(try await cursor.next(maximumRows: 10) == nil, "it has rows")
                    try await cursor.close()
                    try await bench.expectHealthy(after: "an empty stream")
                }
            },
            ConformanceCheck("a lease streams, stops where its body throws, and goes on") {
                try await withPool(1) { pool in
                    try await pool.withConnection { lease in
                        try await createNumbers(1_000, on: lease.handle)
                        let sum = try await lease.stream("SELECT i FROM numbers", batchSize: 64) { rows in
                            var sum = 0
                            while let row = try await rows.next() { sum += try row[0, as: Int.self] }
                            return sum
                        }
                        try expect(sum == 500_500, "the sum is \(sum)")
                        let error = try await expectError("a body that throws") {
                            try await lease.stream("SELECT i FROM numbers", batchSize: 64) { rows in
                                _ = try await rows.next()
                                throw BrokenExpectation(reason: "on purpose")
                            }
                        }
                        try expect((error as? BrokenExpectation)?.reason == "on purpose", "the error became \(error)")
                        let answer = try await lease.query("SELECT 42").decode(Int.self)
                        try expect(answer == [42], "then SELECT 42 returns \(answer)")
                    }
                }
            },
        ]
        if let expression = subject.expressionThatFailsAt500 { checks.append(midwayCheck(expression("i"))) }
        if let (setup, statement) = subject.statementThatFailsAtItsEnd { checks.append(lateCheck(setup, statement)) }
        return checks
    }

    private func lateCheck(_ setup: String, _ statement: SQL) -> ConformanceCheck {
        ConformanceCheck("a stream that stops early throws if its statement then fails") {
            try await withConnection { bench in
                try await createNumbers(1_000, on: bench)
                try await bench.connection.executeScript(setup)
                try await bench.settle()
                for count in 0..<3 {
                    let cursor = try await bench.connection.open(statement)
                    for _ in 0..<count { _ = try await cursor.next(maximumRows: 10) }
                    let error = try await expectError("a close after \(count) batches") { try await cursor.close() }
                    try await cursor.close()
                    try await bench.expectKept(error, after: "a failed close")
                    let written = try await bench.integers("SELECT count(*) FROM late")
                    try expect(written == [0], "\(written) rows stay after a failed close")
                }
                var session = BenchSession(bench)
                try await expectError("a stream whose statement fails at its end") {
                    try await session.stream(statement, batchSize: 10) { rows in _ = try await rows.next() }
                }
                try await bench.expectHealthy(after: "a stream that failed at its end", mayHaveMessages: true)
            }
        }
    }

    private func midwayCheck(_ expression: String) -> ConformanceCheck {
        ConformanceCheck("an error in the middle of a stream is thrown, and keeps the connection") {
            try await withConnection { bench in
                try await createNumbers(1_000, on: bench)
                let cursor = try await bench.connection.open("SELECT \(raw: expression) FROM numbers ORDER BY i")
                var count = 0
                let error = try await expectError("a stream with an error in it") {
                    while let rows = try await cursor.next(maximumRows: 10) { count += rows.count }
                }
                try await cursor.close()
                try expect(count < 500, "\(count) rows came before the error")
                try await bench.expectKept(error, after: "an error in a stream")
            }
        }
    }

    private struct BenchSession: ~Copyable, SQLSession {
        let handle: ConnectionHandle<Driver>

        init(_ bench: Bench) {
            handle = ConnectionHandle(connection: bench.connection, driver: bench.driver)
        }
    }

    private func createNumbers(_ count: Int, on handle: borrowing ConnectionHandle<Driver>) async throws {
        try await createNumbers(count, on: handle.connection)
    }
}
