import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("The types of bind values on Postgres", .timeLimit(.minutes(2)))
    struct StatementTypeTests {
        private static let none: Int? = nil

        /// In each of them the server alone cannot tell the type of a parameter.
        static let undetermined: [(SQL, [SQLValue])] = [
            ("SELECT 1 WHERE \(5) IS NULL OR 5 = \(5)", [.int(1)]),
            ("SELECT 1 WHERE \(none) IS NULL OR 5 = \(none)", [.int(1)]),
            ("SELECT 1 WHERE (\(none) IS NULL OR 5 = \(none)) AND (\("x") IS NULL OR 'x' = \("x"))", [.int(1)]),
            ("SELECT json_build_object('a', \(1), 'b', \("x"))::text", [.text(#"{"a" : 1, "b" : "x"}"#)]),
            ("SELECT concat('a', \(1), \(true), \(none))", [.text("a1t")]),
            ("SELECT \(1) + \(2)", [.int(3)]),
            ("SELECT to_jsonb(\("x"))::text", [.text(#""x""#)]),
        ]

        @Test(
            "a parameter that the server cannot tell the type of takes that of its value",
            arguments: undetermined.indices)
        func ownTypes(index: Int) async throws {
            let (statement, expected) = Self.undetermined[index]
            try await withConnection { _, connection async throws in
                for _ in 1...4 { #expect(try await connection.values(statement) == expected) }
                try await connection.transaction(.begin(SQLTransactionOptions()))
                for _ in 1...4 { #expect(try await connection.values(statement) == expected) }
                try await connection.transaction(.commit)
            }
        }

        @Test("so it does for the first time within a transaction, which goes on", arguments: undetermined.indices)
        func ownTypesInTransaction(index: Int) async throws {
            let (statement, expected) = Self.undetermined[index]
            try await withConnection { _, connection async throws in
                try await connection.executeScript("CREATE TEMP TABLE before (i int)")
                try await connection.transaction(.begin(SQLTransactionOptions()))
                _ = try await connection.execute("INSERT INTO before VALUES (1)")
                for _ in 1...4 { #expect(try await connection.values(statement) == expected) }
                try await connection.transaction(.commit)
                #expect(try await connection.values("SELECT i FROM before") == [.int(1)])
            }
        }

        @Test("values of other kinds may follow one another", arguments: [0, 100])
        func changingTypes(capacity: Int) async throws {
            try await withConnection {
                $0.statementCacheCapacity = capacity
            } _: { _, connection async throws in
                let values: [SQLValue] = [
                    .int(1), .text("x"), .null, .bool(true), .double(0.5), .int(2), .null, .text("y"),
                ]
                for value in values + values {
                    let types: [SQLValue] =
                        switch value {
                        case .int: [.text("bigint")]
                        case .bool: [.text("boolean")]
                        case .double: [.text("double precision")]
                        default: [.text("text")]
                        }
                    let found = try await connection.values("SELECT pg_typeof(\(value))::text")
                    #expect(value == .null || found == types, "\(value)")
                }
            }
        }

        @Test("an error that types do not mend is the server's, and fails its transaction")
        func genuineErrors() async throws {
            try await withConnection { _, connection async throws in
                for _ in 1...3 {
                    let error = await #expect(throws: PostgresError.self) {
                        _ = try await connection.query("SELECT no_such_column + \(1)")
                    }
                    #expect(error?.code == .undefinedColumn)
                }
                for _ in 1...3 {
                    let error = await #expect(throws: PostgresError.self) {
                        _ = try await connection.query("SELECT array_append(\(1), \("x")) || false")
                    }
                    #expect(error?.code.errorClass == "42")
                }
                try await connection.transaction(.begin(SQLTransactionOptions()))
                await #expect(throws: PostgresError.self) {
                    _ = try await connection.query("SELECT nothing(\(1), now())")
                }
                let error = await #expect(throws: PostgresError.self) { _ = try await connection.query("SELECT 1") }
                #expect(error?.code == .failedTransaction)
                try await connection.transaction(.rollback)
                #expect(try await connection.values("SELECT \(1) + \(1)") == [.int(2)])
            }
        }

        @Test("a number that a column's integers cannot hold is compared as what it is")
        func wideNumbers() async throws {
            try await withConnection { _, connection async throws in
                let series = "generate_series(1, 3) AS i"
                for _ in 1...3 {
                    let below = try await connection.query(
                        "SELECT count(*) FROM \(raw: series) WHERE i < \(3_000_000_000)"
                    ).decode(Int.self)
                    #expect(below == [3])
                    let small = try await connection.query("SELECT count(*) FROM \(raw: series) WHERE i < \(2)")
                    #expect(try small.decode(Int.self) == [1])
                    let products = try await connection.query("SELECT i * \(1.5) FROM \(raw: series)")
                    #expect(try products.decode(Double.self) == [1.5, 3, 4.5])
                }
            }
        }

        @Test("a fraction is not rounded to be stored among integers")
        func fractions() async throws {
            try await withConnection { _, connection async throws in
                _ = try await connection.execute("CREATE TEMP TABLE whole (i int)")
                for _ in 1...3 {
                    let error = await #expect(throws: PostgresError.self) {
                        _ = try await connection.execute("INSERT INTO whole VALUES (\(1.5))")
                    }
                    #expect(error?.code == .invalidTextRepresentation)
                    _ = try await connection.execute("INSERT INTO whole VALUES (\(2.0))")
                }
                #expect(try await connection.values("SELECT i FROM whole") == [.int(2), .int(2), .int(2)])
            }
        }

        private func manyParameters(_ count: Int) -> SQL {
            "SELECT count(*) FROM generate_series(1, 10) AS i WHERE i IN \(binds: 1...count)"
        }

        @Test("as many bind values as the protocol allows work", arguments: [7_000, 7_001, 7_499, 30_000, 65_535])
        func manyValues(count: Int) async throws {
            try await withConnection { _, connection async throws in
                for _ in 1...3 {
                    #expect(try await connection.query(manyParameters(count)).decode(Int.self) == [10])
                }
                let results = try await connection.values("SELECT \(1)::int8")
                #expect(results == [.int(1)])
            }
        }

        @Test("too many bind values are refused before anything is sent")
        func tooManyValues() async throws {
            try await withConnection { _, connection async throws in
                let error = await #expect(throws: PostgresError.self) {
                    _ = try await connection.query(manyParameters(65_536))
                }
                #expect(error?.code == .programLimitExceeded)
                #expect(connection.condition == .clean)
                #expect(try await connection.values("SELECT \(1)::int8") == [.int(1)])
            }
        }
    }
}
