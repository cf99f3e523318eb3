import PoolPostgres
import Testing

extension PostgresTests {
    /// A procedure may commit, and an error after that undoes nothing of it:
    /// https://www.postgresql.org/docs/current/sql-call.html
    @Suite("Statements of Postgres that fail after they had an effect", .timeLimit(.minutes(2)))
    struct RepetitionTests {
        private func withTable(_ body: (PostgresConnection) async throws -> Void) async throws {
            let schema = try await PrivatePostgres.shared.get().createSchema()
            try await withConnection {
                $0.more = schema
            } _: { _, connection async throws in
                _ = try await connection.execute("CREATE TABLE done (i int)")
                try await body(connection)
            }
        }

        private static let failures = [
            ("EXECUTE 'EXECUTE missing'", "26000"), ("RAISE EXCEPTION USING ERRCODE = '26000'", "26000"),
            ("EXECUTE 'PREPARE twice AS SELECT 1'; EXECUTE 'PREPARE twice AS SELECT 1'", "42P05"),
            ("RAISE EXCEPTION USING ERRCODE = '42804'", "42804"), ("RAISE EXCEPTION USING ERRCODE = 'XX000'", "XX000"),
        ]

        @Test("a procedure and a block run once, whatever they fail with", arguments: failures)
        func procedures(failure: String, code: String) async throws {
            try await withTable { connection async throws in
                let body = "BEGIN INSERT INTO done VALUES (1); COMMIT; \(failure); END"
                _ = try await connection.execute(
                    SQL(raw: "CREATE PROCEDURE p(i int) LANGUAGE plpgsql AS $$ \(body) $$"))
                let calls: [SQL] = ["CALL p(1)", SQL(raw: "DO $$ \(body) $$"), "CALL p(\(1))"]
                for (number, call) in calls.enumerated() {
                    // Also once it is prepared.
                    for run in 1...3 {
                        let error = await #expect(throws: PostgresError.self) { _ = try await connection.execute(call) }
                        #expect(error?.code.rawValue == code)
                        let rows = try await connection.values("SELECT count(*) FROM done")
                        #expect(rows == [.int(Int64(number * 3 + run))], "\(call)")
                        _ = try await connection.execute("DEALLOCATE ALL")
                    }
                }
            }
        }

        @Test(
            "a function runs once, also where the server's error looks as if the driver's own knowledge were stale",
            arguments: failures)
        func functions(failure: String, code: String) async throws {
            try await withTable { connection async throws in
                try await connection.executeScript(
                    """
                    CREATE SEQUENCE calls;
                    CREATE FUNCTION f(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
                        PERFORM nextval('calls'); \(failure); RETURN 1;
                    END $$;
                    CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM f(1); RETURN NEW; END $$;
                    CREATE TRIGGER each BEFORE INSERT ON done FOR EACH ROW EXECUTE FUNCTION g();
                    """)
                // A sequence keeps what a failed statement has drawn.
                for (number, sql) in (["SELECT f(\(1))", "INSERT INTO done VALUES (\(1))"] as [SQL]).enumerated() {
                    for run in 1...3 {
                        let error = await #expect(throws: PostgresError.self) { _ = try await connection.execute(sql) }
                        #expect(error?.code.rawValue == code)
                        let calls = try await connection.values("SELECT last_value FROM calls")
                        #expect(calls == [.int(Int64(number * 3 + run))], "\(sql)")
                        _ = try await connection.execute("DEALLOCATE ALL")
                    }
                }
            }
        }

        @Test("a function whose statement has gone stale runs once, and the next run has what is new")
        func staleFunction() async throws {
            try await withTable { connection async throws in
                try await connection.executeScript(
                    """
                    CREATE SEQUENCE calls; INSERT INTO done VALUES (1);
                    CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('calls') $$;
                    """)
                for run in 1...3 {
                    #expect(try await connection.query("SELECT f(), t.* FROM done t").first?["f", as: Int.self] == run)
                }
                _ = try await connection.execute("ALTER TABLE done ADD j int")
                await #expect(throws: PostgresError.self) {
                    _ = try await connection.query("SELECT f(), t.* FROM done t")
                }
                let row = try #require(try await connection.query("SELECT f(), t.* FROM done t").first)
                #expect(try row["f", as: Int.self] == 4)
                #expect(row.columns.names == ["f", "i", "j"])
            }
        }

        @Test("what is plain heals unseen after a schema change, be it read or written")
        func plain() async throws {
            try await withTable { connection async throws in
                let statements: [SQL] = [
                    "INSERT INTO done VALUES (\(1)) RETURNING *", "SELECT * FROM done WHERE i < \(5)",
                    "UPDATE done SET i = i RETURNING *",
                ]
                for column in ["a", "b"] {
                    for sql in statements {
                        for _ in 1...3 { _ = try await connection.query(sql) }
                    }
                    _ = try await connection.execute("ALTER TABLE done ADD \(identifier: column) int")
                    for sql in statements {
                        #expect(try await connection.query(sql).columns.names.last == column)
                    }
                }
                #expect(try await connection.values("SELECT count(*) FROM done") == [.int(8)])
            }
        }

        @Test("a batch with a procedure in it runs once")
        func batch() async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease in
                    try await lease.executeScript(
                        """
                        DROP TABLE IF EXISTS batched; CREATE TABLE batched (i int);
                        DROP SEQUENCE IF EXISTS batches; CREATE SEQUENCE batches;
                        CREATE OR REPLACE PROCEDURE batched_once() LANGUAGE plpgsql AS $$ BEGIN
                            PERFORM nextval('batches'); EXECUTE 'EXECUTE missing';
                        END $$
                        """)
                    let outcomes = try await lease.batch(["CALL batched_once()", "INSERT INTO batched VALUES (1)"])
                    #expect(outcomes.allSatisfy { (try? $0.get()) == nil })
                    #expect(try await lease.query("SELECT last_value FROM batches").decode(Int.self) == [1])
                }
            }
        }
    }
}
