import Testing

@_spi(Driver) @testable import PoolSQL

@Suite("Sessions")
struct SQLSessionTests {
    private let connection = RecordingSQLConnection()

    @Test("statements reach the connection with their binds")
    func statements() async throws {
        var session = RecordingSession(connection)
        let result = try await session.execute("DELETE FROM t WHERE id = \(1)")
        #expect(result.affectedRows == 1)
        connection.returnRows(SQLRows(columns: SQLColumns(names: ["n"]), values: [.int(7)]))
        #expect(try await session.query("SELECT n FROM t").decode(Int.self) == [7])
        try await session.executeScript("A; B")
        #expect(connection.log == ["execute DELETE FROM t WHERE id = $1 [1]", "query SELECT n FROM t", "script A; B"])
    }

    @Test("generic code takes any session")
    func genericCode() async throws {
        func insert(_ name: String, in session: inout some SQLSession & ~Copyable) async throws {
            try await session.execute("INSERT INTO t VALUES (\(name))")
        }
        func insertAll<Session: SQLSession & ~Copyable>(in session: inout Session) async throws {
            try await insert("a", in: &session)
        }
        func rename(_ lease: inout Lease<some SQLDriver>) async throws {
            try await lease.transaction { transaction in
                try await insert("b", in: &transaction)
            }
        }
        var session = RecordingSession(connection)
        try await insertAll(in: &session)
        #expect(connection.log == ["execute INSERT INTO t VALUES ($1) [\"a\"]"])
    }

    @Test("a script with a zero byte is refused before it is sent")
    func scriptWithZeroByte() async throws {
        var session = RecordingSession(connection)
        let error = await #expect(throws: SQLStatementError.self) { try await session.executeScript("A;\0 B") }
        #expect(error?.code == .zeroByte)
        #expect(connection.log == [])
    }

    @Test("a batch fills the open parameters of each run")
    func batch() async throws {
        var session = RecordingSession(connection)
        let results = try await session.executeBatch(
            "INSERT INTO t VALUES (\(.parameter), \("fixed"), \(.parameter))", [(1, "a"), (2, "b")])
        #expect(results.count == 2)
        try await session.executeBatch("DELETE FROM t WHERE id = \(.parameter)", [1, 2, 3])
        try await session.executeBatch("DELETE FROM t WHERE id = ?", bindSets: [[.int(1)], [.null]])
        #expect(
            connection.log == [
                #"batch [[1, "fixed", "a"], [2, "fixed", "b"]] of "#
                    + #"INSERT INTO t VALUES ($1, $2, $3) [NULL, "fixed", NULL]"#,
                "batch [[1], [2], [3]] of DELETE FROM t WHERE id = $1 [NULL]",
                "batch [[1], [NULL]] of DELETE FROM t WHERE id = ?",
            ])
    }

    @Test("a batch with too few values runs nothing, and one without sets does nothing")
    func wrongBatches() async throws {
        var session = RecordingSession(connection)
        let error = await #expect(throws: SQLStatementError.self) {
            try await session.executeBatch(
                "INSERT INTO t VALUES (\(.parameter), \(.parameter))", bindSets: [[.int(1), .int(2)], [.int(1)]])
        }
        #expect(error?.code == .bindCount)
        #expect(error?.description == "The statement takes 2 values, 1 given.")
        for (ragged, given) in [([1, 2, 1], 2), ([2, 0], 0), ([1, 1, 1, 3], 3)] {
            let byHand = await #expect(throws: SQLStatementError.self) {
                try await session.executeBatch(
                    SQL(raw: "INSERT INTO t VALUES (?)"), bindSets: ragged.map { Array(repeating: .int(1), count: $0) })
            }
            #expect(byHand?.description.hasSuffix("\(given) given.") == true)
        }
        let results = try await session.executeBatch("DELETE FROM t WHERE id = \(.parameter)", [Int]())
        #expect(results.isEmpty)
        #expect(connection.log == [])
    }

    @Test("a prepared statement is run with values on any connection")
    func prepared() async throws {
        connection.describeStatements(as: SQLStatementDescription(parameterCount: 3, columnNames: ["n"]))
        var session = RecordingSession(connection)
        let statement = try await session.prepare("SELECT \(.parameter), \("own"), \(.parameter)")
        #expect(statement.parameterCount == 2)
        #expect(statement.columnNames == ["n"])
        let other = RecordingSQLConnection()
        var otherSession = RecordingSession(other)
        _ = try await otherSession.query(statement, 1, "x")
        try await otherSession.execute(statement, Int?.none, 2)
        #expect(connection.log == [#"prepare SELECT $1, $2, $3 [NULL, "own", NULL]"#])
        #expect(
            other.log == [#"query SELECT $1, $2, $3 [1, "own", "x"]"#, #"execute SELECT $1, $2, $3 [NULL, "own", 2]"#])
    }

    @Test("a prepared statement with placeholders of the database takes as many values as that has found")
    func preparedByHand() async throws {
        connection.describeStatements(as: SQLStatementDescription(parameterCount: 1, columnNames: []))
        var session = RecordingSession(connection)
        let statement = try await session.prepare("SELECT ?1, ?1")
        _ = try await session.query(statement, 5)
        #expect(connection.log.last == "query SELECT ?1, ?1 [5]")
        let error = await #expect(throws: SQLStatementError.self) { try await session.query(statement, 5, 6) }
        #expect(error?.code == .bindCount)
        #expect(throws: SQLStatementError.self) { try statement.binding() }
    }

    @Test("placeholders by hand beside interpolated ones are found when the statement is prepared")
    func mixedPlaceholders() async throws {
        connection.describeStatements(as: SQLStatementDescription(parameterCount: 2, columnNames: []))
        var session = RecordingSession(connection)
        let error = await #expect(throws: SQLStatementError.self) {
            try await session.prepare("SELECT ?, \(.parameter)")
        }
        #expect(error?.code == .mixedPlaceholders)
    }
}
