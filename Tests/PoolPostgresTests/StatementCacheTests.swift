import CLibPQ
import Testing

@testable import PoolPostgres

extension PostgresTests {
    @Suite("The statements that a Postgres connection knows", .timeLimit(.minutes(2)))
    struct StatementCacheTests {
        private let preparedCount: SQL =
            "SELECT count(*)::int8 AS c FROM pg_prepared_statements WHERE name LIKE 'pool_%'"

        private func count(_ connection: PostgresConnection) async throws -> Int {
            try await connection.query(preparedCount).decode(Int.self)[0]
        }

        @Test("no more statements are prepared than the configuration says", arguments: [1, 5, 100])
        func capacity(_ capacity: Int) async throws {
            try await withConnection {
                $0.statementCacheCapacity = capacity
            } _: { _, connection async throws in
                for number in 0..<(capacity * 2 + 10) {
                    for value in 1...3 {
                        let sum = try await connection.values("SELECT \(raw: "\(number)") + \(value)")
                        #expect(sum == [.int(Int64(number + value))])
                    }
                    #expect(try await count(connection) <= capacity)
                }
                #expect(try await count(connection) == capacity)
            }
        }

        @Test("what is written with other characters is another statement, also where Swift takes the two for equal")
        func canonicallyEqual() async throws {
            try await withConnection { _, connection async throws in
                for value in 1...4 {
                    for (letter, size) in [("\u{e9}", 2), ("e\u{301}", 3)] {
                        let sum = try await connection.values(
                            "SELECT octet_length('\(raw: letter)')::int8 + \(value)::int8")
                        #expect(sum == [.int(Int64(size + value))])
                    }
                }
            }
        }

        @Test("a statement that is known does not hide that another of its text has too many values")
        func tooManyValues() async throws {
            try await withConnection { _, connection async throws in
                let known: SQL = "SELECT \(1)::int8"
                for _ in 1...4 { #expect(try await connection.values(known) == [.int(1)]) }
                await #expect(throws: SQLStatementError.self) {
                    try await connection.query(known + SQL(raw: "", binds: [2]))
                }
                #expect(try await connection.values(known) == [.int(1)])
            }
        }

        @Test("the statement that is used all the time stays prepared, and the others come and go")
        func favourite() async throws {
            try await withConnection {
                $0.statementCacheCapacity = 3
            } _: { _, connection async throws in
                for number in 0..<20 {
                    for value in 1...2 {
                        _ = try await connection.query("SELECT 'always', \(value)::int8")
                        _ = try await connection.query("SELECT \(raw: "\(number)") + \(value)")
                    }
                }
                let text = "SELECT 'always', $1::int8"
                let kept = try await connection.query(
                    "SELECT count(*)::int8, min(name) FROM pg_prepared_statements WHERE statement = \(text)"
                ).decode((Int, String).self)
                #expect(kept.map(\.0) == [1])
                let name = connection.withSession { $0.cache.statement(text).name?.text }
                #expect(kept.map(\.1) == [name])
            }
        }

        @Test("texts that look alike are different statements if their bytes differ")
        func canonicalEquivalence() async throws {
            try await withConnection { _, connection async throws in
                for text in ["e\u{301}", "\u{e9}", "e\u{301}", "\u{e9}", "\u{212a}", "K", "\u{212a}", "K"] {
                    for _ in 1...3 {
                        let length = try await connection.query("SELECT octet_length('\(raw: text)') + \(0)")
                            .decode(Int.self)
                        #expect(length == [text.utf8.count])
                    }
                }
            }
        }

        @Test("the columns of a statement that is not prepared may change", arguments: [0, 100])
        func changedColumns(capacity: Int) async throws {
            try await withConnection {
                $0.statementCacheCapacity = capacity
                $0.prepareThreshold = 1_000
            } _: { _, connection async throws in
                try await connection.executeScript(
                    "CREATE TEMP TABLE swapped (a int, b int); INSERT INTO swapped VALUES (1, 2)")
                let read = { () async throws -> [Int] in
                    let rows = try await connection.query("SELECT * FROM swapped WHERE 1 = \(1)")
                    return try rows.flatMap { [try $0["a", as: Int.self], try $0["b", as: Int.self]] }
                }
                for _ in 1...2 { #expect(try await read() == [1, 2]) }
                try await connection.executeScript(
                    "DROP TABLE swapped; CREATE TEMP TABLE swapped (b int, a int); INSERT INTO swapped VALUES (2, 1)")
                for _ in 1...3 { #expect(try await read() == [1, 2]) }
            }
        }

        @Test("a column that cannot be read in binary any more is read as text")
        func unreadableColumn() async throws {
            try await withConnection {
                $0.statementCacheCapacity = 0
            } _: { _, connection async throws in
                try await connection.executeScript(
                    "CREATE TEMP TABLE addresses (x int); INSERT INTO addresses VALUES (1)")
                for _ in 1...2 {
                    #expect(try await connection.values("SELECT x FROM addresses WHERE 1 = \(1)") == [.int(1)])
                    let changed = "INSERT INTO addresses SELECT x FROM addresses WHERE 2 = \(1) RETURNING x" as SQL
                    #expect(try await connection.values(changed) == [])
                }
                try await connection.executeScript("ALTER TABLE addresses ALTER x TYPE inet USING '10.1.2.3'::inet")
                for _ in 1...2 {
                    let values = try await connection.values("SELECT x FROM addresses WHERE 1 = \(1)")
                    #expect(values == [.text("10.1.2.3")])
                }
            }
        }

        @Test("what has stored something is not run again because its columns cannot be read, and says so")
        func unreadableReturning() async throws {
            try await withConnection {
                $0.statementCacheCapacity = 0
            } _: { _, connection async throws in
                try await connection.executeScript("CREATE TEMP TABLE stored (x int, n int)")
                let insert: SQL = "INSERT INTO stored (n) VALUES (\(1)) RETURNING x"
                for _ in 1...2 { #expect(try await connection.values(insert) == [.null]) }
                try await connection.executeScript("ALTER TABLE stored ALTER x TYPE inet USING NULL")
                let error = await #expect(throws: PostgresError.self) { _ = try await connection.query(insert) }
                #expect(error?.code == .invalidBinaryRepresentation)
                #expect(try await connection.values("SELECT count(*) FROM stored") == [.int(3)])
                #expect(try await connection.values(insert) == [.null])
                #expect(connection.condition == .dirty)
            }
        }

        @Test("a stream whose columns have changed begins anew, and one whose rows have changed reads them")
        func changedStream() async throws {
            try await withConnection {
                $0.statementCacheCapacity = 0
            } _: { _, connection async throws in
                try await connection.executeScript(
                    "CREATE TEMP TABLE flowing (x int); INSERT INTO flowing SELECT generate_series(1, 300)")
                let read = { () async throws -> [SQLValue] in
                    let cursor = try await connection.open("SELECT x FROM flowing WHERE 1 = \(1)")
                    var values: [SQLValue] = []
                    while let rows = try await cursor.next(maximumRows: 100) {
                        values += rows.flatMap { Array($0.values) }
                    }
                    return values
                }
                for _ in 1...2 { #expect(try await read() == (1...300).map { .int($0) }) }
                try await connection.executeScript("ALTER TABLE flowing ALTER x TYPE inet USING '10.0.0.1'::inet")
                #expect(try await read() == Array(repeating: .text("10.0.0.1"), count: 300))
            }
        }

        @Test("a statement whose preparing is stopped between its parts is asked about again")
        func stoppedPreparing() async throws {
            try await withConnection { _, connection async throws in
                connection.withSession { session in
                    let statement = session.cache.statement("SELECT $1::int8 AS n")
                    let exchange = Exchange(statement: statement, isPreparing: true)
                    exchange.pendingSyncs = 1
                    // Parse is answered, by a result without anything, and then comes an error instead of the
                    // description.
                    guard let parsed = unsafe PQmakeEmptyPGresult(nil, PGRES_COMMAND_OK) else { return }
                    let shape = StatementShape(parameterTypes: [], of: unsafe ResultHandle(owning: parsed))
                    let name = StatementName(of: statement.text, shape)
                    (exchange.learned, exchange.preparedName) = (shape, name)
                    session.exchange = exchange
                    exchange.error = PostgresError(code: .queryCanceled, message: "stopped")
                    session.learn()
                    #expect(throws: PostgresError.self) { try session.finishPreparing() }
                    #expect(statement.shape == nil)
                    #expect(statement.name == nil)
                    // The server may have it.
                    #expect(session.cache.unneeded == [name.text])
                }
                #expect(try await connection.values("SELECT \(7)::int8 AS n") == [.int(7)])
            }
        }
    }
}
