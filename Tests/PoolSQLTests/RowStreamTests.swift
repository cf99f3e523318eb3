import Testing

@_spi(Driver) @testable import PoolSQL

@Suite("Streams of rows")
struct RowStreamTests {
    private let connection = RecordingSQLConnection()

    private struct Stop: Error {}

    private func returnNumbers(_ count: Int) {
        connection.returnRows(SQLRows(columns: SQLColumns(names: ["n"]), values: (0..<count).map { .int(Int64($0)) }))
    }

    @Test("all rows arrive in order, numbered through the batches", arguments: [0, 1, 9, 10, 11, 25])
    func allRows(count: Int) async throws {
        returnNumbers(count)
        var session = RecordingSession(connection)
        let numbers = try await session.stream("SELECT n FROM t WHERE a = \(1)", batchSize: 10) { rows in
            #expect(rows.columns.names == ["n"])
            var numbers: [Int] = []
            while let row = try await rows.next() {
                #expect(row.number == numbers.count)
                numbers.append(try row.decode(Int.self))
            }
            let end = try await rows.next()
            #expect(end == nil)
            return numbers
        }
        #expect(numbers == Array(0..<count))
        let fetches = (0...(count + 9) / 10).map { "fetch 10 at \(min($0 * 10, count))" }
        #expect(connection.log == ["open SELECT n FROM t WHERE a = $1 [1]"] + fetches + ["close"])
    }

    @Test("a body that stops early closes the statement")
    func earlyExit() async throws {
        returnNumbers(100)
        var session = RecordingSession(connection)
        let first = try await session.stream("S", batchSize: 2) { rows in try await rows.next()?.decode(Int.self) }
        #expect(first == 0)
        #expect(connection.log == ["open S", "fetch 2 at 0", "close"])
    }

    @Test("a body that throws closes the statement, and its error comes out")
    func throwingBody() async throws {
        returnNumbers(100)
        var session = RecordingSession(connection)
        await #expect(throws: Stop.self) {
            try await session.stream("S") { rows in
                _ = try await rows.next()
                throw Stop()
            }
        }
        #expect(connection.log == ["open S", "fetch 256 at 0", "close"])
    }

    @Test(
        "a statement that fails when it is closed makes the stream fail, wherever its body stopped",
        arguments: [0, 1, 9])
    func failingClose(rowsRead: Int) async throws {
        returnNumbers(9)
        connection.failNext("close")
        var session = RecordingSession(connection)
        let error = await #expect(throws: RecordedFailure.self) {
            try await session.stream("S", batchSize: 2) { rows in
                for _ in 0..<rowsRead { _ = try await rows.next() }
            }
        }
        #expect(error?.command == "close")
        #expect(connection.log.last == "close")
    }

    @Test("the error of a body comes before that of the close")
    func throwingBodyAndFailingClose() async throws {
        connection.failNext("close")
        var session = RecordingSession(connection)
        await #expect(throws: Stop.self) { try await session.stream("S") { _ in throw Stop() } }
        #expect(connection.log == ["open S", "close"])
    }

    @Test("a failing fetch ends the rows and closes the statement")
    func failingFetch() async throws {
        returnNumbers(100)
        connection.failNext("fetch 2 at 2")
        var session = RecordingSession(connection)
        let count = try await session.stream("S", batchSize: 2) { rows in
            var count = 0
            let error = await #expect(throws: RecordedFailure.self) {
                while try await rows.next() != nil { count += 1 }
            }
            #expect(error?.command == "fetch 2 at 2")
            let end = try await rows.next()
            #expect(end == nil)
            return count
        }
        #expect(count == 2)
        #expect(connection.log == ["open S", "fetch 2 at 0", "fetch 2 at 2", "close"])
    }

    @Test("a statement that cannot be opened is not closed, and the body does not run")
    func failingOpen() async throws {
        connection.failNext("open S")
        var session = RecordingSession(connection)
        await #expect(throws: RecordedFailure.self) {
            try await session.stream("S") { _ in Issue.record("the body ran") }
        }
        #expect(connection.log == ["open S"])
    }

    @Test("batches of no rows are refused", arguments: [0, -1, Int.min])
    func batchSize(size: Int) async throws {
        var session = RecordingSession(connection)
        let error = await #expect(throws: SQLStatementError.self) {
            try await session.stream("S", batchSize: size) { _ in }
        }
        #expect(error?.code == .batchSize)
        #expect(connection.log == [])
    }

    @Test("cancelling the task ends the stream, and the statement is closed")
    func cancellation() async throws {
        returnNumbers(100)
        let connection = connection
        let task = Task {
            var session = RecordingSession(connection)
            try await session.stream("S", batchSize: 2) { rows in
                _ = try await rows.next()
                withUnsafeCurrentTask { $0?.cancel() }
                while try await rows.next() != nil {}
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(connection.log == ["open S", "fetch 2 at 0", "close"])
    }
}
