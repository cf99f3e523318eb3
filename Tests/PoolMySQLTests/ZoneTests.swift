import Foundation
import PoolFoundation
import PoolMySQL
import Testing

extension MySQLTests {
    @Suite("Time zones of MySQL", .timeLimit(.minutes(2)))
    struct ZoneTests {
        private static let noon = SQLTimestamp("2024-01-01T12:00:00").flatMap { SQLZonedTimestamp($0) }.sqlValue
        private static let evening = SQLTimestamp("2024-01-01T17:00:00").sqlValue

        private func withTimes(_ body: (MySQLConnection) async throws -> Void) async throws {
            let name = try await PrivateMariaDB.shared.get().createDatabase()
            try await withConnection {
                $0.database = name
            } _: { _, connection async throws in
                try await connection.executeScript(
                    """
                    CREATE TABLE t (x TIMESTAMP); INSERT INTO t VALUES ('2024-01-01 12:00:00');
                    CREATE PROCEDURE plain() SELECT x FROM t;
                    CREATE PROCEDURE there_and_back()
                        BEGIN SET time_zone = '+05:00'; SELECT x FROM t; SET time_zone = '+00:00'; END;
                    CREATE PROCEDURE out_there(OUT result TIMESTAMP)
                        BEGIN SET time_zone = '+05:00'; SELECT x INTO result FROM t; SET time_zone = '+00:00'; END;
                    CREATE PROCEDURE failing() BEGIN SET time_zone = '+05:00'; SIGNAL SQLSTATE '45000'; END
                    """)
                #expect(try await connection.values("SELECT x FROM t") == [Self.noon])
                try await body(connection)
                _ = try await connection.execute("SET time_zone = '+00:00'")
                #expect(try await connection.values("SELECT x FROM t") == [Self.noon])
            }
        }

        @Test(
            "what comes in another zone than the session's is no moment",
            arguments: [
                "SET STATEMENT time_zone = '+05:00' FOR SELECT x FROM t", "CALL there_and_back()",
                "EXECUTE IMMEDIATE 'SET STATEMENT time_zone = \"+05:00\" FOR SELECT x FROM t'",
                "BEGIN NOT ATOMIC SET time_zone = '+05:00'; SELECT x FROM t; SET time_zone = '+00:00'; END",
            ])
        func anotherZone(statement: String) async throws {
            try await withTimes { connection async throws in
                #expect(try await connection.values(SQL(raw: statement)) == [Self.evening])
                let cursor = try await connection.open(SQL(raw: statement))
                #expect(try await cursor.next(maximumRows: 10)?.flatMap { Array($0.values) } == [Self.evening])
                await cursor.close()
                // A Date would be wrong by five hours.
                let rows = try await connection.query(SQL(raw: statement))
                let error = #expect(throws: SQLDecodingError.self) { try rows.decode(Date.self) }
                #expect(error?.reason?.contains("another time zone than UTC") == true)
                #expect(try await connection.query("SELECT x FROM t").decode(Date.self).map(\.sqlValue) == [Self.noon])
                #expect(try await connection.values("SELECT x FROM t") == [Self.noon])
            }
        }

        @Test("a procedure that leaves the zone alone returns moments")
        func plainProcedure() async throws {
            try await withTimes { connection async throws in
                #expect(try await connection.values("CALL plain()") == [Self.noon])
            }
        }

        @Test("a procedure that failed after it changed the zone has changed it")
        func failingProcedure() async throws {
            try await withTimes { connection async throws in
                await #expect(throws: MySQLError.self) { _ = try await connection.execute("CALL failing()") }
                #expect(connection.condition == .dirty)
                let found = try await connection.values("SELECT x FROM t")
                #expect(found == [Self.evening])
            }
        }
    }
}
