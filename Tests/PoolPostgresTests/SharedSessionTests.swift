import Foundation
@_spi(Driver) import PoolSQL
import PoolTesting
import Testing

@testable import PoolPostgres

extension PostgresTests {
    /// A pooler gives a session of the driver's another of the server's with each transaction, and others use those in
    /// between.
    @Suite(
        "Server sessions that are shared", .timeLimit(.minutes(3)),
        .enabled(if: PrivatePostgres.canBePooled, "pgbouncer is not installed"))
    struct SharedSessionTests {
        private func driver(keepsStatements: Bool) throws -> PostgresDriver {
            let server = try PrivatePostgres.pooled.get()
            return PostgresDriver(
                configuration: try PostgresConfiguration(
                    server.connection(), settings: ["host": server.poolerFolder],
                    poolerKeepsStatements: keepsStatements))
        }

        @Test(
            "a statement never runs another one's text with its values, whichever server session it meets",
            arguments: [false, true])
        func otherText(keepsStatements: Bool) async throws {
            let driver = try driver(keepsStatements: keepsStatements)
            let (first, second) = (try await connect(driver), try await connect(driver))
            try await first.executeScript(
                """
                DROP TABLE IF EXISTS acct; CREATE TABLE acct (id int, balance int);
                INSERT INTO acct SELECT i, 100 FROM generate_series(1, 100) AS i
                """)
            let delete = { (id: Int) in try await first.execute("DELETE FROM acct WHERE id = \(id)") }
            let add = { (id: Int) in try await second.execute("UPDATE acct SET balance = 101 WHERE id = \(id)") }
            var updated: [Int] = []
            var refused = 0
            for round in 0..<10 {
                let ids = (1...4).map { 10 * round + $0 }
                do {
                    // Both are open at once, so that each has a server session of its own.
                    try await first.transaction(.begin(SQLTransactionOptions()))
                    try await second.transaction(.begin(SQLTransactionOptions()))
                    for id in ids[0...1] { #expect(try await delete(id).affectedRows == 1) }
                    for id in ids[2...3] { #expect(try await add(id).affectedRows == 1) }
                    try await second.transaction(.commit)
                    // The pooler gives out last what has come back last: the second client gets the first one's
                    // session.
                    try await first.transaction(.commit)
                    updated += ids[2...3]
                    try await second.transaction(.begin(SQLTransactionOptions()))
                    for id in [10 * round + 5, 10 * round + 6] {
                        #expect(try await add(id).affectedRows == 1)
                    }
                    try await second.transaction(.commit)
                    updated += [10 * round + 5, 10 * round + 6]
                } catch let error as PostgresError where keepsStatements {
                    // The worst that may happen to who says of a pooler what is wrong: an error, and nothing done.
                    #expect(error.code == .invalidStatementName, "\(error)")
                    refused += 1
                    try await first.transaction(.rollback)
                    try await second.transaction(.rollback)
                }
            }
            if !keepsStatements { #expect(refused == 0) }
            let changed = try await second.query("SELECT id FROM acct WHERE balance = 101 ORDER BY id").decode(Int.self)
            #expect(changed == updated.sorted())
            let left = try await second.query("SELECT count(*) FROM acct WHERE id % 10 NOT IN (1, 2)").decode(Int.self)
            #expect(left == [80])
            _ = try await first.execute("DROP TABLE acct")
            for connection in [first, second] { await connection.close(.orderly) }
        }

        /// Reads and writes of many kinds. Each client has texts and rows of its own.
        private static func work(_ client: Int, through folder: String, _ connection: String) async throws {
            let pool = try PostgresPool(
                database: PostgresConfiguration(connection, settings: ["host": folder]),
                configuration: PoolConfiguration(name: "client \(client)", maximumConnections: 3))
            try await withThrowingTaskGroup { group in
                for task in 0..<3 {
                    group.addTask {
                        for number in 0..<30 {
                            let key = 1_000 * task + number
                            let mine = try await pool.query("SELECT \(raw: "\(client)"), 'of client', \(key)::int8")
                            try #require(mine.first?[2, as: Int.self] == key)
                            try await pool.withTransaction { transaction in
                                try await transaction.execute(
                                    "INSERT INTO shared (client, key) VALUES (\(raw: "\(client)"), \(key))")
                                try await transaction.batch([
                                    "UPDATE shared SET value = \(key) WHERE client = \(raw: "\(client)") AND key = \(key)",
                                    "SELECT 1",
                                ]).forEach { _ = try $0.get() }
                                let values = try await transaction.query(
                                    "SELECT value FROM shared WHERE client = \(raw: "\(client)") AND key = \(key)")
                                try #require(try values.decode(Int.self) == [key])
                            }
                            if number % 3 == 0 {
                                try await pool.execute(
                                    "DELETE FROM shared WHERE client = \(raw: "\(client)") AND key = \(key)")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await pool.close(drain: .seconds(5))
        }

        @Test("two pools and another process share two server sessions, and none reads or writes what is another's")
        func manyClients() async throws {
            let server = try PrivatePostgres.pooled.get()
            let (folder, connection) = (server.poolerFolder, server.connection())
            let administrator = try await connect(driver(keepsStatements: false))
            try await administrator.executeScript(
                "DROP TABLE IF EXISTS shared; CREATE TABLE shared (client int, key int, value int)")
            try await withThrowingTaskGroup { group in
                for client in 1...2 {
                    group.addTask { try await Self.work(client, through: folder, connection) }
                }
                group.addTask {
                    await #expect(processExitsWith: .success) {
                        [folder = folder as String, connection = connection as String] in
                        try await Self.work(3, through: folder, connection)
                    }
                }
                try await group.waitForAll()
            }
            let rows = try await administrator.query(
                "SELECT client, count(*), sum(value - key) FROM shared GROUP BY client ORDER BY client")
            #expect(try rows.decode((Int, Int, Int).self).map { [$0.0, $0.1, $0.2] } == (1...3).map { [$0, 60, 0] })
            // Nobody would ever take them away.
            let prepared = try await administrator.query(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%shared%'")
            #expect(try prepared.decode(Int.self) == [0])
            _ = try await administrator.execute("DROP TABLE shared")
        }

        @Test("a pooler is found, and a server without one is not taken for one")
        func found() async throws {
            let driver = try driver(keepsStatements: false)
            let pooled = try await connect(driver)
            #expect(pooled.withSession { $0.cache.isShared && $0.cache.capacity == 0 })
            await pooled.close(.orderly)
            try await withConnection { _, connection async throws in
                #expect(connection.withSession { !$0.cache.isShared && $0.cache.capacity == 100 })
            }
        }

        @Test("a reset leaves what other clients have prepared in the same server session")
        func reset() async throws {
            let driver = try driver(keepsStatements: true)
            let (first, second) = (try await connect(driver), try await connect(driver))
            let statement: SQL = "SELECT 'kept', \(1)::int8"
            for _ in 1...2 { _ = try await first.query(statement) }
            for _ in 1...3 {
                // Both change the session, and so are reset, with whichever session of the server's they meet.
                try await second.executeScript("PREPARE mine AS SELECT 1; SET work_mem = '7MB'; DEALLOCATE mine")
                try await second.reset()
            }
            try await first.transaction(.begin(SQLTransactionOptions()))
            let count: SQL = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%kept%$1%'"
            var found = try await first.query(count).decode(Int.self)[0]
            // It is in one of the two server sessions.
            try await second.transaction(.begin(SQLTransactionOptions()))
            found += try await second.query(count).decode(Int.self)[0]
            #expect(found >= 1)
            for connection in [first, second] {
                try await connection.transaction(.rollback)
                await connection.close(.orderly)
            }
        }
    }

    @Suite("Prepared statements that are there already, or are gone", .timeLimit(.minutes(2)))
    struct StatementPresenceTests {
        @Test("what the server has prepared already is used as it is", arguments: [false, true])
        func present(inTransaction: Bool) async throws {
            try await withConnection { _, connection async throws in
                try await connection.executeScript("CREATE TEMP TABLE present (i int)")
                let statements: [SQL] = ["SELECT \(1)::int8", "SELECT 2::int8", "INSERT INTO present VALUES (\(3))"]
                for statement in statements {
                    for _ in 1...3 { _ = try await connection.query(statement) }
                }
                // As another client of the same server session finds it.
                connection.withSession { $0.cache.removeAll() }
                if inTransaction { try await connection.transaction(.begin(SQLTransactionOptions())) }
                for statement in statements {
                    for _ in 1...3 { _ = try await connection.query(statement) }
                }
                let names = connection.withSession { session in
                    ["SELECT $1::int8", "SELECT 2::int8", "INSERT INTO present VALUES ($1)"]
                        .map { session.cache.statement($0).name != nil }
                }
                #expect(names == [true, true, true])
                if inTransaction { try await connection.transaction(.commit) }
                #expect(try await connection.values("SELECT count(*) FROM present") == [.int(6)])
            }
        }

        @Test("a batch uses what the server has prepared already", arguments: [false, true])
        func presentInBatch(inTransaction: Bool) async throws {
            try await withPool(1) { pool async throws in
                let statements: [SQL] = (0..<10).map { "SELECT \($0)::int8" } + (0..<10).map { "SELECT -(\($0)::int8)" }
                for round in 1...2 {
                    let results =
                        inTransaction
                        ? try await pool.withTransaction { try await $0.batch(statements) }
                        : try await pool.withConnection { try await $0.batch(statements) }
                    #expect(
                        try results.map { try $0.get().decode(Int.self)[0] } == Array(0..<10) + (0..<10).map { -$0 })
                    try await pool.withConnection { lease in
                        if round == 1 { lease.handle.connection.withSession { $0.cache.removeAll() } }
                    }
                }
            }
        }

        @Test("what the server has lost is prepared anew outside a transaction, and fails one that may run again")
        func lost() async throws {
            try await withConnection { driver, connection async throws in
                let statement: SQL = "SELECT \(1)::int8"
                for _ in 1...3 {
                    for _ in 1...3 { #expect(try await connection.values(statement) == [.int(1)]) }
                    // The driver does not see it.
                    try await connection.executeScript("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")
                }
                for _ in 1...3 { #expect(try await connection.values(statement) == [.int(1)]) }
                try await connection.executeScript("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")
                try await connection.transaction(.begin(SQLTransactionOptions()))
                let error = await #expect(throws: PostgresError.self) { _ = try await connection.query(statement) }
                #expect(error?.code == .invalidStatementName)
                #expect(error.map { driver.canRetryTransaction(after: $0) } == true)
                try await connection.transaction(.rollback)
                #expect(try await connection.values(statement) == [.int(1)])
            }
        }

        @Test(
            "a statement whose columns change again and again within transactions fails one of them at most each time")
        func changingColumns() async throws {
            try await withConnection { driver, connection async throws in
                try await connection.executeScript("CREATE TEMP TABLE growing (a int); INSERT INTO growing VALUES (1)")
                for round in 1...4 {
                    var failures = 0
                    for _ in 1...4 {
                        try await connection.transaction(.begin(SQLTransactionOptions()))
                        do {
                            let rows = try await connection.query("SELECT * FROM growing WHERE a = \(1)")
                            #expect(rows.columns.count == round)
                            try await connection.transaction(.commit)
                        } catch {
                            #expect(driver.canRetryTransaction(after: error))
                            failures += 1
                            try await connection.transaction(.rollback)
                        }
                    }
                    #expect(failures <= 1)
                    try await connection.executeScript("ALTER TABLE growing ADD COLUMN c\(round) int")
                }
            }
        }
    }
}
