import Testing

@testable import PoolPostgres

extension PostgresTests {
    @Suite("Statements and their outcomes on Postgres", .timeLimit(.minutes(2)))
    struct StatementOutcomeTests {
        @Test(
            "COPY as a query is an error that names the functions for it, in both directions",
            arguments: ["FROM STDIN", "TO STDOUT"])
        func copyAsQuery(direction: String) async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.executeScript(
                        "CREATE TEMP TABLE copied (i int); INSERT INTO copied SELECT generate_series(1, 5)")
                    for _ in 1...3 {
                        let statement: SQL = "COPY copied \(raw: direction)"
                        let error = await #expect(throws: PostgresError.self) { try await lease.query(statement) }
                        #expect(error?.code == .featureNotSupported && error?.remedy?.contains("copyOut(_:_:)") == true)
                        await #expect(throws: PostgresError.self) {
                            try await lease.stream(statement) { rows in while try await rows.next() != nil {} }
                        }
                    }
                    #expect(try await lease.query("SELECT count(*) FROM copied").decode(Int.self) == [5])
                }
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        private func codes(_ results: [Result<SQLRows, PostgresError>]) -> [String] {
            results.map { result in
                switch result {
                case .success: "done"
                case .failure(let error): error.code.rawValue
                }
            }
        }

        @Test("what is wrong in a batch of separate statements is its own outcome, with and without bind values")
        func separateOutcomes() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    for _ in 1...3 {
                        let results = try await lease.batch(
                            [
                                "SELECT nosuch", "SELECT \(1)::int", "SELECT nosuch + \(1)", "SELECT 2",
                                "SELECT length(\("a\0b"))",
                                "SELECT \(3)::int", "SELECT nosuch + \(1)",
                            ], separately: true)
                        #expect(codes(results) == ["42703", "done", "42703", "done", "22021", "done", "42703"])
                        #expect(try [1, 3, 5].flatMap { try results[$0].get().decode(Int.self) } == [1, 2, 3])
                        let none = try await lease.batch(
                            ["SELECT nosuch + \(1)", "SELECT nosuch + \(2)"], separately: true)
                        #expect(codes(none) == ["42703", "42703"])
                    }
                    #expect(try await lease.query("SELECT \(1)::int").decode(Int.self) == [1])
                }
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a batch goes on after an enum was dropped and made anew")
        func enumMadeAnew() async throws {
            try await withPool(2) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.executeScript(
                        "DROP TABLE IF EXISTS enumerated; DROP TYPE IF EXISTS letter; CREATE TYPE letter AS ENUM ('a', 'b'); CREATE TABLE enumerated (i int, l letter)"
                    )
                    let statements: [SQL] = [
                        "INSERT INTO enumerated VALUES (\(1), \("a"))", "SELECT count(*) FROM enumerated",
                    ]
                    for round in 1...3 {
                        for run in 1...3 {
                            let results = try await lease.batch(statements)
                            #expect(codes(results) == ["done", "done"], "round \(round), run \(run)")
                            if codes(results) == ["done", "done"] {
                                #expect(try results[1].get().decode(Int.self) == [3 * (round - 1) + run])
                            }
                        }
                        // By another session, so that this one is not told.
                        try await pool.withConnection { other in
                            try await other.executeScript(
                                """
                                ALTER TABLE enumerated ALTER l TYPE text; DROP TYPE letter; CREATE TYPE letter AS ENUM ('a', 'b');
                                ALTER TABLE enumerated ALTER l TYPE letter USING l::letter
                                """)
                        }
                    }
                }
                try await pool.execute("DROP TABLE enumerated")
                try await pool.execute("DROP TYPE letter")
            }
        }

        @Test("to prepare a statement asks the server, whatever was known of it")
        func prepareAsks() async throws {
            try await withPool(2) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.executeScript(
                        "DROP TABLE IF EXISTS described; CREATE TABLE described (id int, a text)")
                    let statements: [SQL] = ["SELECT * FROM described", "SELECT * FROM described WHERE id = \(1)"]
                    for statement in statements {
                        for _ in 1...3 { _ = try await lease.query(statement) }
                        #expect(try await lease.prepare(statement).columnNames == ["id", "a"])
                    }
                    try await pool.withConnection { try await $0.execute("ALTER TABLE described ADD COLUMN b int") }
                    for statement in statements {
                        #expect(try await lease.prepare(statement).columnNames == ["id", "a", "b"])
                        #expect(try await lease.query(statement).columns.names == ["id", "a", "b"])
                    }
                    try await pool.withConnection { try await $0.execute("DROP TABLE described") }
                    for statement in statements {
                        let error = await #expect(throws: PostgresError.self) { try await lease.prepare(statement) }
                        #expect(error?.code == .undefinedTable)
                    }
                }
            }
        }

        @Test("a setting of a session is what was written, whatever its characters are")
        func sessionSettings() async throws {
            let server = try PrivatePostgres.shared.get()
            for value in [
                "a\r\n-cwork_mem=7MB", "line1\r\nline2", "\\\u{301}x", "a b\tc", "\\", "", "é \u{85}\u{2028}",
            ] {
                let configuration = try PostgresConfiguration(server.connection(), sessionSettings: ["my.x": value])
                let driver = PostgresDriver(configuration: configuration)
                let connection = try await connect(driver)
                let found = try await connection.values("SELECT current_setting('my.x'), current_setting('work_mem')")
                #expect(found == [.text(value), .text("4MB")])
                await connection.close(.orderly)
            }
        }

        @Test("no text of the configuration may hold a zero byte")
        func zeroBytes() async throws {
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration(applicationName: "pay\0roll") }
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration("host=a\0b") }
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration(settings: ["host": "a\0b"]) }
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration(sessionSettings: ["a": "b\0c"]) }
            #expect(throws: PoolConfigurationError.self) { try PostgresConfiguration(sessionSettings: ["a\0b": "c"]) }
        }
    }
}
