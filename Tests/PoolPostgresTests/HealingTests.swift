import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("What Postgres has changed behind a connection's back", .timeLimit(.minutes(2)))
    struct HealingTests {
        /// Calls `body` with what changes the schema from another connection, and with a connection.
        private func withOther(
            capacity: Int = 100,
            _ body: (_ change: (String) async throws -> Void, PostgresConnection) async throws -> Void
        ) async throws {
            let schema = try await PrivatePostgres.shared.get().createSchema()
            try await withConnection {
                $0.more = schema
            } _: { _, other async throws in
                try await withConnection {
                    $0.more = schema
                    $0.statementCacheCapacity = capacity
                } _: { _, connection async throws in
                    try await body({ try await other.executeScript($0) }, connection)
                }
            }
        }

        @Test("a column that has become wider takes what it now can hold", arguments: [0, 100])
        func widerColumn(capacity: Int) async throws {
            try await withOther(capacity: capacity) { change, connection async throws in
                try await change("CREATE TABLE wide (id int)")
                for number in 1...3 { _ = try await connection.execute("INSERT INTO wide VALUES (\(number))") }
                try await change("ALTER TABLE wide ALTER id TYPE bigint")
                for _ in 1...3 { _ = try await connection.execute("INSERT INTO wide VALUES (\(3_000_000_000))") }
                try await change("ALTER TABLE wide ALTER id TYPE numeric")
                let decimal = try #require(SQLDecimal("0.5"))
                for _ in 1...3 { _ = try await connection.execute("INSERT INTO wide VALUES (\(decimal))") }
                #expect(try await connection.values("SELECT count(*) FROM wide WHERE id = 0.5") == [.int(3)])
            }
        }

        @Test("a column that has become another is compared with what it is now", arguments: [0, 100])
        func otherColumn(capacity: Int) async throws {
            try await withOther(capacity: capacity) { change, connection async throws in
                try await change("CREATE TABLE other (x int); INSERT INTO other VALUES (7)")
                let find = { () async throws -> [SQLValue] in
                    try await connection.values("SELECT 'found' FROM other WHERE x = \(SQLValue.text("7"))")
                }
                for _ in 1...3 { #expect(try await find() == [.text("found")]) }
                try await change("ALTER TABLE other ALTER x TYPE text")
                for _ in 1...3 { #expect(try await find() == [.text("found")]) }
                try await change("ALTER TABLE other ALTER x TYPE date USING '2000-01-01'::date")
                for _ in 1...3 {
                    let error = await #expect(throws: PostgresError.self) { _ = try await find() }
                    #expect(error?.code.errorClass == "22")
                }
            }
        }

        @Test("a type that was made anew is found again", arguments: [0, 100])
        func newType(capacity: Int) async throws {
            try await withOther(capacity: capacity) { change, connection async throws in
                let create = """
                    CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE people (m mood); INSERT INTO people VALUES ('ok')
                    """
                try await change(create)
                for round in 1...2 {
                    for use in 1...3 {
                        let count = try await connection.values("SELECT count(*) FROM people WHERE m = \("ok")")
                        #expect(count == [.int(1)], "round \(round), use \(use)")
                    }
                    try await change("DROP TYPE mood CASCADE; DROP TABLE people; \(create)")
                }
            }
        }

        @Test("an error of the values themselves comes once, and what is prepared stays", arguments: [0, 100])
        func genuineError(capacity: Int) async throws {
            try await withOther(capacity: capacity) { _, connection async throws in
                for _ in 1...3 { #expect(try await connection.values("SELECT 7 / \("7")::int4") == [.int(1)]) }
                let before = try await connection.values("SELECT name FROM pg_prepared_statements ORDER BY name")
                for _ in 1...3 {
                    let error = await #expect(throws: PostgresError.self) {
                        _ = try await connection.query("SELECT 7 / \("seven")::int4")
                    }
                    #expect(error?.code == .invalidTextRepresentation)
                    #expect(error?.sql == "SELECT 7 / $1::int4")
                }
                for _ in 1...3 { #expect(try await connection.values("SELECT 7 / \("7")::int4") == [.int(1)]) }
                let after = try await connection.values("SELECT name FROM pg_prepared_statements ORDER BY name")
                #expect(after.starts(with: before) && after.count <= before.count + 1)
            }
        }

        @Test(
            "with another search path the names of types are found there, in a transaction too",
            arguments: ["SET search_path = \"%\"", "SELECT set_config('search_path', '%', false)", "SET SCHEMA '%'"])
        func tenants(change: String) async throws {
            try await withPool(1) { pool async throws in
                let schemas = ["tenant_a", "tenant_b"]
                for schema in schemas {
                    try await pool.withConnection { lease in
                        try await lease.executeScript(
                            """
                            DROP SCHEMA IF EXISTS \(schema) CASCADE; CREATE SCHEMA \(schema); SET search_path = \(schema);
                            CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE people (m mood, t text);
                            INSERT INTO people VALUES ('ok', '\(schema)')
                            """)
                    }
                }
                for schema in schemas + schemas {
                    let found = try await pool.withConnection { lease in
                        try await lease.execute(SQL(raw: change.replacing("%", with: schema)))
                        return try await lease.transaction { transaction in
                            var found: [String] = []
                            for _ in 1...3 {
                                found += try await transaction.query("SELECT t FROM people WHERE m = \("ok")")
                                    .decode(String.self)
                            }
                            return found
                        }
                    }
                    #expect(found == [schema, schema, schema])
                }
                // Within one transaction, and for its time only.
                let found = try await pool.withTransaction { transaction in
                    var found: [String] = []
                    for schema in schemas + schemas {
                        try await transaction.execute("SET LOCAL search_path = \(identifier: schema)")
                        for _ in 1...2 {
                            found += try await transaction.query("SELECT t FROM people WHERE m = \("ok")").decode(
                                String.self)
                        }
                    }
                    return found
                }
                #expect(found == (schemas + schemas).flatMap { [$0, $0] })
                for schema in schemas { try await pool.execute("DROP SCHEMA \(identifier: schema) CASCADE") }
            }
        }

        @Test("a stale plan is known by where in the server the error comes from, and not by its words")
        func stalePlan() async throws {
            try await withConnection { driver, connection async throws in
                try await connection.executeScript(
                    """
                    CREATE TEMP TABLE calls (i int);
                    CREATE FUNCTION pg_temp.lookalike(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
                        RAISE EXCEPTION 'cached plan must not change result type' USING ERRCODE = 'feature_not_supported';
                    END $$
                    """)
                for _ in 1...3 {
                    let error = await #expect(throws: PostgresError.self) {
                        _ = try await connection.query("SELECT pg_temp.lookalike(\(1))")
                    }
                    #expect(error.map { driver.verdict(on: $0) } == .keep)
                    #expect(error.map { driver.canRetryTransaction(after: $0) } == false)
                }
            }
        }
    }
}
