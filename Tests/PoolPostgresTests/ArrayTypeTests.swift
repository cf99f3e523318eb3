import Testing

@testable import PoolPostgres

/// An enum of the database's, whose texts are those that an array has to quote.
enum Mood: String, SQLCodable, Codable, CaseIterable {
    case sad, ok
    case plain = "so, so"
    case quoted = #"a "b" \c"#
    case null = "NULL"
    case braced = "{;}"
}

extension PostgresTests {
    @Suite("Arrays of types that the driver does not know on Postgres", .timeLimit(.minutes(3)))
    struct ArrayTypeTests {
        private static let schema = """
            CREATE TYPE mood AS ENUM ('sad', 'ok', 'so, so', 'a "b" \\c', 'NULL', '{;}');
            CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE DOMAIN small AS positive CHECK (VALUE < 100);
            CREATE DOMAIN feeling AS mood; CREATE DOMAIN tags AS text[]; CREATE DOMAIN moods AS mood[];
            CREATE DOMAIN flag AS bool; CREATE TYPE pair AS (a int, b text); CREATE TYPE span AS RANGE (subtype = int4);
            CREATE TYPE word;
            CREATE FUNCTION word_in(cstring) RETURNS word AS 'textin' LANGUAGE internal IMMUTABLE STRICT;
            CREATE FUNCTION word_out(word) RETURNS cstring AS 'textout' LANGUAGE internal IMMUTABLE STRICT;
            CREATE TYPE word (INPUT = word_in, OUTPUT = word_out, INTERNALLENGTH = VARIABLE, DELIMITER = ';');
            """

        /// Of types in ``schema``, and of the server's own that the driver reads as text.
        private static let samples: [TypeSample] = [
            TypeSample(
                "mood[]", #"{sad,NULL,"so, so","a \"b\" \\c","NULL","{;}"}"#,
                .array([.text("sad"), .null, .text("so, so"), .text(#"a "b" \c"#), .text("NULL"), .text("{;}")])),
            TypeSample("mood[]", "{}", .array([])),
            TypeSample("mood[]", "[0:1]={ok,sad}", .array([.text("ok"), .text("sad")])),
            TypeSample(
                "mood[]", "{{sad,NULL},{ok,ok}}",
                .array([.array([.text("sad"), .null]), .array([.text("ok"), .text("ok")])])),
            TypeSample("mood", "sad", .text("sad")), TypeSample("moods", "{sad}", .array([.text("sad")])),
            TypeSample(
                "moods[]", #"{"{sad,NULL}",NULL,"{}"}"#,
                .array([.array([.text("sad"), .null]), .null, .array([])])),
            TypeSample("positive[]", "{1,NULL,3}", .array([.int(1), .null, .int(3)])),
            TypeSample("small[]", "{7}", .array([.int(7)])), TypeSample("feeling[]", "{ok}", .array([.text("ok")])),
            TypeSample("flag[]", "{t,f,NULL}", .array([.bool(true), .bool(false), .null])),
            TypeSample("tags", #"{"a,b",c}"#, .array([.text("a,b"), .text("c")])),
            TypeSample(
                "tags[]", #"{"{\"a,b\",NULL}","{}"}"#, .array([.array([.text("a,b"), .null]), .array([])])),
            TypeSample("pair[]", #"{"(1,\"x y\")",NULL}"#, .array([.text(#"(1,"x y")"#), .null])),
            TypeSample("span[]", #"{"[1,5)",empty}"#, .array([.text("[1,5)"), .text("empty")])),
            TypeSample(
                "word[]", #"{a,b;"c;d";NULL;"NULL"}"#, .array([.text("a,b"), .text("c;d"), .null, .text("NULL")])),
            TypeSample(
                "box[]", "{(1,1),(0,0);(3,3),(2,2)}", .array([.text("(1,1),(0,0)"), .text("(3,3),(2,2)")])),
            TypeSample("box[]", "{{(1,1),(0,0)};{NULL}}", .array([.array([.text("(1,1),(0,0)")]), .array([.null])])),
            TypeSample("interval[]", #"{"1 day",NULL}"#, .array([.text("1 day"), .null])),
            TypeSample("int4range[]", #"{"[1,5)"}"#, .array([.text("[1,5)")])),
            TypeSample("bit(3)[]", "{101}", .array([.text("101")])), TypeSample("point", "(1,2)", .text("(1,2)")),
            TypeSample("int2vector", "1 2", .text("1 2")), TypeSample("oidvector", "1 2", .text("1 2")),
            TypeSample("int4multirange", "{[1,3),[5,7)}", .text("{[1,3),[5,7)}")),
        ]

        /// A connection to a schema of its own.
        private func withTypes(
            _ change: (inout PostgresTestSettings) -> Void = { _ in },
            _ body: (PostgresDriver, PostgresConnection) async throws -> Void
        ) async throws {
            let schema = try await PrivatePostgres.shared.get().createSchema()
            try await withConnection {
                $0.more = schema
                change(&$0)
            } _: { driver, connection async throws in
                try await connection.executeScript(Self.schema)
                try await body(driver, connection)
            }
        }

        /// As on a connection that is new.
        private func forget(_ connection: PostgresConnection) {
            connection.withSession { session in
                session.types = TypeCatalog()
                session.cache.forgetOwnTypes()
            }
        }

        private func literal(_ sample: TypeSample) -> SQL {
            SQL(raw: "'\(sample.text.replacing("'", with: "''"))'::\(sample.type)")
        }

        /// A statement that has not run yet, for each way.
        private func read(
            _ sample: TypeSample, _ way: String, _ connection: PostgresConnection
        ) async throws -> [SQLValue] {
            let value: SQL = literal(sample) + " AS value, 1 AS one /* \(raw: way) */"
            forget(connection)
            switch way {
            case "three runs":
                var found: [SQLValue] = []
                for _ in 1...3 { found += try await connection.query("SELECT " + value).map { $0.values[0] } }
                return found
            case "with a bind value":
                return try await connection.query("SELECT " + value + " WHERE \(1)::int8 = 1").map { $0.values[0] }
            case "many rows":
                let rows = try await connection.query("SELECT " + value + " FROM generate_series(1, 500)")
                return rows.map { $0.values[0] }
            case "a stream":
                let cursor = try await connection.open("SELECT " + value + " FROM generate_series(1, 200)")
                var found: [SQLValue] = []
                while let rows = try await cursor.next(maximumRows: 50) { found += rows.map { $0.values[0] } }
                return found
            case "a batch", "a batch of several transactions":
                let outcomes = try await connection.batch(
                    ["SELECT " + value, "SELECT 1", "SELECT " + value + " WHERE \(1)::int8 = 1"],
                    separately: way != "a batch")
                return try [outcomes[0], outcomes[2]].flatMap { try $0.get().map { $0.values[0] } }
            default:
                try await connection.transaction(.begin(SQLTransactionOptions()))
                var found = try await connection.query("SELECT " + value).map { $0.values[0] }
                forget(connection)
                found += try await connection.query("SELECT " + value + " WHERE \(1)::int8 = 1").map { $0.values[0] }
                try await connection.transaction(.commit)
                return found
            }
        }

        @Test("what can be bound as an array is read as one, in each way to run a statement", arguments: [100, 0])
        func everyWay(capacity: Int) async throws {
            try await withTypes {
                $0.statementCacheCapacity = capacity
            } _: { _, connection async throws in
                let ways = [
                    "three runs", "with a bind value", "many rows", "a stream", "a batch",
                    "a batch of several transactions", "a transaction",
                ]
                for sample in Self.samples {
                    for way in ways {
                        let found = try await read(sample, way, connection)
                        #expect(!found.isEmpty)
                        #expect(found.allSatisfy { $0 == sample.value }, "\(sample), \(way): \(found.prefix(3))")
                    }
                }
            }
        }

        private struct Diary: Codable, Equatable {
            var id: Int
            var moods: [Mood]
            var guesses: [Mood?]?
            var scores: [Int]
        }

        @Test(
            "arrays of an enum go in and come back: with NULL, nested, and in a Codable type", arguments: [100, 0])
        func roundTrip(capacity: Int) async throws {
            try await withTypes {
                $0.statementCacheCapacity = capacity
            } _: { _, connection async throws in
                try await connection.executeScript(
                    "CREATE TABLE diary (id int8, moods mood[], guesses feeling[], scores positive[])")
                let pages = [
                    Diary(id: 1, moods: Mood.allCases, guesses: [nil, .null, nil], scores: [1, 2]),
                    Diary(id: 2, moods: [], guesses: nil, scores: []),
                ]
                for page in pages {
                    _ = try await connection.execute(
                        "INSERT INTO diary VALUES (\(page.id), \(page.moods), \(page.guesses), \(page.scores))")
                }
                for _ in 1...3 {
                    let rows = try await connection.query("SELECT * FROM diary ORDER BY id")
                    #expect(try rows.decode(Diary.self) == pages)
                }
                let one = try await connection.query("SELECT * FROM diary WHERE moods @> \([Mood.null])")
                #expect(try one.decode(Diary.self) == [pages[0]])
                let nested = [[Mood.sad, .braced], [.quoted, .plain]]
                for _ in 1...3 {
                    #expect(try await connection.query("SELECT \(nested)::mood[]").decode([[Mood]].self) == [nested])
                }
            }
        }

        @Test("arrays of types of the extensions that the server has come as arrays")
        func extensions() async throws {
            try await withTypes { _, connection async throws in
                let samples = [
                    ("citext", TypeSample("citext[]", "{A,NULL}", .array([.text("A"), .null]))),
                    ("hstore", TypeSample("hstore[]", #"{"\"a\"=>\"1\""}"#, .array([.text(#""a"=>"1""#)]))),
                    ("ltree", TypeSample("ltree[]", "{a.b,c}", .array([.text("a.b"), .text("c")]))),
                ]
                let available = try await connection.query("SELECT name::text FROM pg_available_extensions")
                    .decode(String.self)
                for (name, sample) in samples where available.contains(name) {
                    // Undone: an extension can be in one schema of the database only.
                    try await connection.executeScript("BEGIN; CREATE EXTENSION \(name)")
                    for _ in 1...3 {
                        #expect(try await connection.values("SELECT " + literal(sample)) == [sample.value], "\(name)")
                    }
                    try await connection.executeScript("ROLLBACK")
                }
            }
        }

        // MARK: How often

        /// How many transactions the connection's session runs for `body`. It counts them from 1.
        private func transactions(
            _ connection: PostgresConnection, _ body: () async throws -> Void
        ) async throws -> Int {
            let latest = {
                try await connection.query(
                    """
                    SELECT split_part(virtualtransaction, '/', 2)::int8 FROM pg_locks
                    WHERE pid = pg_backend_pid() AND locktype = 'virtualxid'
                    """
                ).decode(Int.self)[0]
            }
            // What runs often is prepared, and is one transaction then.
            for _ in 1...3 { _ = try await latest() }
            let before = try await latest()
            try await body()
            return try await latest() - before - 1
        }

        @Test("the server is asked about a type once, also if it is no array, and a reset forgets nothing")
        func once() async throws {
            try await withTypes { driver, connection async throws in
                try await connection.executeScript("CREATE TABLE written (s span)")
                try await connection.reset()
                for type in ["'sad'::mood", "'{sad}'::mood[]", "point '(1,2)'", "box '(1,1),(0,0)'"] {
                    let first = try await transactions(connection) {
                        _ = try await connection.query("SELECT \(raw: type)")
                    }
                    #expect(first == 2, "\(type)")
                    try await connection.executeScript("SET work_mem = '5MB'")
                    try await connection.reset()
                    for number in 1...3 {
                        let later = try await transactions(connection) {
                            _ = try await connection.query("SELECT \(raw: type), \(raw: "\(number)")")
                        }
                        #expect(later == 1, "\(type)")
                        // The server is asked about the statement, too.
                        let withBind = try await transactions(connection) {
                            _ = try await connection.query("SELECT \(raw: type), \(1)::int8, \(raw: "\(number)")")
                        }
                        #expect(withBind == 2, "\(type)")
                    }
                }
                // Nobody reads what these return.
                let unread = try await transactions(connection) {
                    _ = try await connection.execute("INSERT INTO written VALUES ('[1,2)') RETURNING s")
                }
                #expect(unread == 1)
            }
        }

        @Test("a type that is dropped and made anew is read as what it is now")
        func madeAnew() async throws {
            try await withTypes { _, connection async throws in
                let statement: SQL = "SELECT v FROM renewed WHERE \(1)::int8 = 1"
                for (type, value) in [
                    ("ENUM ('sad')", SQLValue.array([.text("sad")])), ("ENUM ('glad')", .array([.text("glad")])),
                    ("RANGE (subtype = int4)", .array([.text("[1,2)")])), ("(t text)", .array([.text("(x)")])),
                ] {
                    guard case .array(let elements) = value, case .text(let element) = elements[0] else { continue }
                    try await connection.executeScript(
                        """
                        CREATE TYPE renewed_type AS \(type); CREATE TABLE renewed (v renewed_type[]);
                        INSERT INTO renewed VALUES (ARRAY['\(element)'::renewed_type]);
                        """)
                    for _ in 1...3 { #expect(try await connection.values(statement) == [value]) }
                    try await connection.executeScript("DROP TABLE renewed; DROP TYPE renewed_type")
                }
                // One that a transaction has made and not kept.
                for _ in 1...2 {
                    try await connection.executeScript("BEGIN; CREATE TYPE passing AS ENUM ('a')")
                    #expect(try await connection.values("SELECT '{a}'::passing[]") == [.array([.text("a")])])
                    try await connection.executeScript("ROLLBACK; CREATE DOMAIN passing AS int")
                    #expect(try await connection.values("SELECT '{1}'::passing[]") == [.array([.int(1)])])
                    try await connection.executeScript("DROP DOMAIN passing")
                }
            }
        }

        @Test("a type that is newer than the transaction's view of the catalog is told of after the transaction")
        func olderView() async throws {
            try await withTypes { driver, connection async throws in
                try await connection.transaction(.begin(SQLTransactionOptions(isolation: .repeatableRead)))
                _ = try await connection.query("SELECT count(*) FROM pg_class")
                let other = try await connect(driver)
                try await other.executeScript("CREATE TYPE late AS ENUM ('a')")
                await other.close(.orderly)
                for _ in 1...3 { #expect(try await connection.values("SELECT '{a}'::late[]") == [.text("{a}")]) }
                try await connection.transaction(.commit)
                for _ in 1...3 {
                    #expect(try await connection.values("SELECT '{a}'::late[]") == [.array([.text("a")])])
                }
            }
        }
    }
}
