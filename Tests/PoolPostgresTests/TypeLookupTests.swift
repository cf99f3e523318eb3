import Testing

@testable import PoolPostgres

extension PostgresTests {
    /// The question about a type is the driver's own, and nobody's statement may fail for it.
    @Suite("Lookups of types that cannot succeed on Postgres", .timeLimit(.minutes(2)))
    struct TypeLookupTests {
        /// A database with a type that only `body` uses, and whose catalog it may lock or close to others.
        private func withDatabase(
            user: String = "postgres",
            _ body: (PostgresConnection, _ superuser: PostgresConnection) async throws -> Void
        ) async throws {
            let server = try PrivatePostgres.shared.get()
            let administrator = try PrivatePostgres.administrator.get()
            let name = "types_\(UInt32.random(in: 0...UInt32.max))"
            try await administrator.execute("CREATE DATABASE \(identifier: name)")
            try await withConnection(to: server.connection(name)) { _, superuser async throws in
                try await superuser.executeScript(
                    """
                    CREATE TYPE public.mood AS ENUM ('sad', 'ok');
                    CREATE TABLE public.diary (moods mood[]); GRANT ALL ON public.diary TO public;
                    INSERT INTO public.diary VALUES ('{sad}');
                    """)
                if user != "postgres" { _ = try await superuser.execute("CREATE ROLE \(identifier: user) LOGIN") }
                try await withConnection(to: server.connection(name, user: user)) { _, connection async throws in
                    try await body(connection, superuser)
                }
                if user != "postgres" {
                    try await superuser.executeScript("DROP OWNED BY \"\(user)\"; DROP ROLE \"\(user)\"")
                }
            }
            try await administrator.execute("DROP DATABASE \(identifier: name) WITH (FORCE)")
        }

        private let array = SQLValue.array([.text("sad")])

        @Test("a role that may not read the catalog gets its rows as text, and is asked about no type twice")
        func refused() async throws {
            let user = "blind_\(UInt32.random(in: 0...UInt32.max))"
            try await withDatabase(user: user) { connection, superuser async throws in
                _ = try await superuser.execute("REVOKE SELECT ON pg_catalog.pg_type FROM public")
                try await connection.transaction(.begin(SQLTransactionOptions()))
                #expect(try await connection.values("SELECT moods FROM diary") == [.text("{sad}")])
                let values = try await connection.values("SELECT moods FROM diary WHERE \(1)::int8 = 1")
                #expect(values == [.text("{sad}")])
                _ = try await connection.execute("INSERT INTO diary VALUES ('{ok}')")
                try await connection.transaction(.commit)
                #expect(try await connection.values("SELECT count(*) FROM diary") == [.int(2)])
                let type = try await connection.query("SELECT moods FROM diary").columns.typeIDs[0]
                #expect(connection.withSession { $0.types.askable(among: [type]) } == [])
                let rows = try await connection.query("SELECT moods FROM diary LIMIT 1")
                let error = #expect(throws: SQLDecodingError.self) { _ = try rows.decode([Mood].self) }
                #expect(error?.reason?.contains("cast it") == true, "\(String(describing: error))")
                #expect(connection.condition == .clean)
            }
        }

        @Test("in a transaction that has failed nothing is asked, and the value is read as an array afterwards")
        func failedTransaction() async throws {
            try await withDatabase { connection, _ async throws in
                for round in 1...2 {
                    try await connection.transaction(.begin(SQLTransactionOptions()))
                    let outcomes = try await connection.testBatch(["SELECT moods FROM diary", "SELECT 1 / 0"])
                    let rows = try outcomes[0].get()
                    if round == 1 {
                        let error = #expect(throws: SQLDecodingError.self) { _ = try rows.decode([Mood].self) }
                        #expect(error?.actualType == "text")
                        #expect(error?.reason?.contains("cast it") == true)
                    } else {
                        #expect(try rows.decode([Mood].self) == [[.sad]])
                    }
                    try await connection.transaction(.rollback)
                    #expect(try await connection.values("SELECT moods FROM diary") == [array])
                }
            }
        }

        @Test(
            "a cancel while the server is asked costs neither the rows nor the transaction", arguments: [false, true],
            [false, true])
        func cancelled(inTransaction: Bool, withBind: Bool) async throws {
            try await withDatabase { connection, superuser async throws in
                let statement: SQL =
                    withBind ? "SELECT moods FROM diary WHERE \(1)::int8 = 1" : "SELECT moods FROM diary"
                let text = try statement.rendered(in: .postgres).text
                // From now on the server needs no look at the catalog to run it.
                for _ in 1...3 { #expect(try await connection.values(statement) == [array]) }
                _ = try await connection.execute("INSERT INTO diary VALUES (NULL)")
                connection.withSession { session in
                    session.types = TypeCatalog()
                    session.cache.forget(text)
                }
                if inTransaction {
                    try await connection.transaction(.begin(SQLTransactionOptions()))
                    _ = try await connection.execute("INSERT INTO diary VALUES (NULL)")
                }
                try await superuser.executeScript("BEGIN; LOCK TABLE pg_catalog.pg_type IN ACCESS EXCLUSIVE MODE")
                let task = Task { try await connection.query(statement) }
                try await waitUntilRunning("WITH RECURSIVE found", extra: "AND wait_event_type = 'Lock'")
                task.cancel()
                if withBind {
                    // The statement has not run yet.
                    await #expect(throws: CancellationError.self) { _ = try await task.value }
                } else {
                    #expect(try await task.value[0].values == [.text("{sad}")])
                }
                try await superuser.executeScript("ROLLBACK")
                let count = inTransaction ? 3 : 2
                #expect(try await connection.query("SELECT count(*) FROM diary").decode(Int.self) == [count])
                if inTransaction { try await connection.transaction(.commit) }
                #expect(try await connection.values(statement)[0] == array)
                #expect(connection.condition == .clean)
            }
        }

        @Test(
            "a cancel at a random moment around a lookup reaches nothing else, and rows that have come stay",
            arguments: [false, true])
        func racingCancels(inTransaction: Bool) async throws {
            try await withConnection { _, connection async throws in
                let status = { connection.withSession { $0.link?.transactionStatus } }
                let array = SQLValue.array([.text("1 day")])
                for number in 1...300 {
                    if inTransaction, status() == .idle {
                        try await connection.transaction(.begin(SQLTransactionOptions()))
                    }
                    connection.withSession { $0.types = TypeCatalog() }
                    let task = Task {
                        number % 2 == 0
                            ? try await connection.values("SELECT '{1 day}'::interval[], \(raw: "\(number)")")
                            : try await connection.values("SELECT '{1 day}'::interval[], \(number)::int8")
                    }
                    for _ in 0..<Int.random(in: 0...60) { await Task.yield() }
                    task.cancel()
                    do {
                        let values = try await task.value
                        #expect(values[0] == array || values[0] == .text(#"{"1 day"}"#))
                        #expect(values[1] == .int(Int64(number)))
                        #expect(status() == (inTransaction ? .inTransaction : .idle))
                    } catch is CancellationError {
                        // The statement itself may have been stopped.
                        if status() == .failed { try await connection.transaction(.rollback) }
                    }
                    #expect(try await connection.values("SELECT \(-number)::int8") == [.int(Int64(-number))])
                }
                if inTransaction { try await connection.transaction(.rollback) }
                #expect(connection.condition == .clean)
            }
        }

        @Test(
            "a lookup that takes longer than the session's limit leaves the statement as it is",
            arguments: [false, true])
        func timedOut(inTransaction: Bool) async throws {
            try await withDatabase { connection, superuser async throws in
                let statement: SQL = "SELECT moods FROM diary"
                for _ in 1...3 { #expect(try await connection.values(statement) == [array]) }
                connection.withSession { $0.types = TypeCatalog() }
                try await connection.executeScript("SET statement_timeout = '100ms'")
                try await superuser.executeScript("BEGIN; LOCK TABLE pg_catalog.pg_type IN ACCESS EXCLUSIVE MODE")
                if inTransaction { try await connection.transaction(.begin(SQLTransactionOptions())) }
                #expect(try await connection.values(statement + " -- \(raw: "again")") == [.text("{sad}")])
                try await superuser.executeScript("ROLLBACK")
                if inTransaction { try await connection.transaction(.commit) }
                #expect(try await connection.values(statement) == [array])
            }
        }

        @Test(
            "behind a pooler the arrays are read too, and nothing is prepared",
            .enabled(if: PrivatePostgres.canBePooled, "pgbouncer is not installed"))
        func pooled() async throws {
            let server = try PrivatePostgres.pooled.get()
            let driver = PostgresDriver(
                configuration: try PostgresConfiguration(server.connection(), settings: ["host": server.poolerFolder]))
            let connection = try await connect(driver)
            try await connection.executeScript(
                "DROP TYPE IF EXISTS pooled_mood; CREATE TYPE pooled_mood AS ENUM ('sad', 'ok')")
            for round in 1...3 {
                for statement: SQL in [
                    "SELECT '{sad}'::pooled_mood[]", "SELECT '{sad}'::pooled_mood[] WHERE \(1)::int8 = 1",
                ] {
                    if round == 2 { connection.withSession { $0.types = TypeCatalog() } }
                    #expect(try await connection.values(statement) == [array])
                    try await connection.transaction(.begin(SQLTransactionOptions()))
                    if round == 3 { connection.withSession { $0.types = TypeCatalog() } }
                    #expect(try await connection.values(statement) == [array])
                    try await connection.transaction(.commit)
                }
            }
            let prepared = try await connection.query(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%pooled_mood%'")
            #expect(try prepared.decode(Int.self) == [0])
            _ = try await connection.execute("DROP TYPE pooled_mood")
            await connection.close(.orderly)
        }
    }
}
