import PoolSQL

/// Transactions and those within them: what is kept, and what is undone.
struct Transactions: Program {
    let tables = ["portable_ledger"]
    let expected = [
        "committed: [1]", "thrown: refused", "after a throw: [1]", "told to roll back: [1]",
        "a failed statement within: unique", "nested: [1, 4, 7]", "deeper: [1, 4, 7, 8]",
        "a writer that may only read: refused", "isolations: [1, 1, 1, 1]", "after all: [1, 4, 7, 8]",
        "at the end: [1]",
    ]

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws {
        try await pool.execute("CREATE TABLE portable_ledger(id \(raw: dialect.type(.int)) PRIMARY KEY)")
        try await pool.withTransaction { try await insert(1, in: &$0) }
        transcript.note("committed", try await ids(pool))
        await transcript.noteError("thrown", dialect) {
            try await pool.withTransaction { transaction in
                try await insert(2, in: &transaction)
                throw Refused()
            }
        }
        transcript.note("after a throw", try await ids(pool))
        try await pool.withTransaction { transaction in
            try await insert(3, in: &transaction)
            transaction.setRollbackOnly()
        }
        transcript.note("told to roll back", try await ids(pool))
        try await nested(on: pool, dialect, &transcript)
        try await options(on: pool, &transcript)
        transcript.note("after all", try await ids(pool))
    }

    private func insert(_ id: Int, in session: inout some SQLSession & ~Copyable) async throws {
        try await session.execute("INSERT INTO portable_ledger VALUES (\(id))")
    }

    private func ids(_ pool: Pool<some SQLDriver>) async throws -> [Int] {
        try await pool.query("SELECT id FROM portable_ledger ORDER BY id").decode(Int.self)
    }

    private func nested(
        on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript
    ) async throws {
        let failure = try await pool.withTransaction { transaction in
            try await insert(4, in: &transaction)
            var failure: (any Error)?
            do {
                try await transaction.transaction { inner in
                    try await insert(5, in: &inner)
                    try await insert(1, in: &inner)
                }
            } catch {
                failure = error
            }
            try await transaction.transaction { inner in
                try await insert(6, in: &inner)
                inner.setRollbackOnly()
            }
            try await transaction.transaction { try await insert(7, in: &$0) }
            return failure
        }
        transcript.note(
            "a failed statement within",
            failure.flatMap(dialect.violation)?.rawValue ?? "\(String(describing: failure))")
        transcript.note("nested", try await ids(pool))
        try await pool.withTransaction { transaction in
            try await transaction.transaction { inner in
                try await insert(8, in: &inner)
                do {
                    try await inner.transaction { innermost in
                        try await insert(9, in: &innermost)
                        throw Refused()
                    }
                } catch is Refused {}
            }
        }
        transcript.note("deeper", try await ids(pool))
    }

    private func options(on pool: Pool<some SQLDriver>, _ transcript: inout Transcript) async throws {
        do {
            try await pool.withTransaction(SQLTransactionOptions(access: .readOnly)) { try await insert(10, in: &$0) }
            transcript.note("a writer that may only read", "written")
        } catch {
            transcript.note("a writer that may only read", "refused")
        }
        var answers: [Int] = []
        for isolation in [
            SQLTransactionOptions.Isolation.readUncommitted, .readCommitted, .repeatableRead, .serializable,
        ] {
            let options = SQLTransactionOptions(isolation: isolation)
            answers += try await pool.withTransaction(options) { try await $0.query("SELECT 1").decode(Int.self) }
        }
        transcript.note("isolations", answers)
    }
}

/// Batches that succeed, and that fail.
struct Batches: Program {
    let tables = ["portable_batch"]
    let expected = [
        "results: [1, 1, 1]", "updates: [2, 0]", "none: []", "a large one: 2000", "too few values: bindCount",
        "a duplicate: unique", "before it: 1, after it: 0", "a duplicate in a transaction: unique", "undone: 0",
        "at the end: [1]",
    ]

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws {
        let type = dialect.type(.int)
        try await pool.execute("CREATE TABLE portable_batch(id \(raw: type) PRIMARY KEY, word VARCHAR(20))")
        let insert: SQL = "INSERT INTO portable_batch VALUES (\(.parameter), \(.parameter))"
        try await pool.withConnection { lease in
            let results = try await lease.executeBatch(insert, [(1, "a"), (2, "b"), (3, nil as String?)])
            transcript.note("results", results.map(\.affectedRows))
            let updates = try await lease.executeBatch(
                "UPDATE portable_batch SET word = 'c' WHERE id >= \(.parameter)", [2, 9])
            transcript.note("updates", updates.map(\.affectedRows))
            transcript.note("none", try await lease.executeBatch(insert, bindSets: []))
            let many = try await lease.executeBatch(insert, (1_001...3_000).map { ($0, "many") })
            transcript.note("a large one", many.map(\.affectedRows).reduce(0, +))
        }
        await transcript.noteError("too few values", dialect) {
            try await pool.withConnection { _ = try await $0.executeBatch(insert, bindSets: [[.int(4)]]) }
        }
        func count(_ condition: SQL) async throws -> Int {
            try await pool.query("SELECT count(*) FROM portable_batch WHERE \(condition)").decode(Int.self)[0]
        }
        let failing = [(11, "before"), (1, "twice"), (12, "after")]
        await transcript.noteError("a duplicate", dialect) {
            try await pool.withConnection { _ = try await $0.executeBatch(insert, failing) }
        }
        let (before, after) = (try await count("word = 'before'"), try await count("word = 'after'"))
        transcript.note("before it", "\(before), after it: \(after)")
        await transcript.noteError("a duplicate in a transaction", dialect) {
            try await pool.withTransaction {
                _ = try await $0.executeBatch(insert, [(21, "undone"), (1, "twice"), (22, "undone")])
            }
        }
        transcript.note("undone", try await count("word = 'undone'"))
    }
}

/// Streams that are read to the end, and that are left before it.
struct Streams: Program {
    let tables = ["portable_stream"]
    let expected = [
        "all: 1000 500500", "one by one: 1000 500500", "in large pieces: 1000 500500", "columns: [\"id\"]",
        "none: 0 0", "left early: 10 55", "after it: [1000]", "left with an error: refused", "after that: [1000]",
        "no batch: batchSize", "in a transaction: 3 6, then 1001", "at the end: [1]",
    ]

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws {
        try await pool.execute("CREATE TABLE portable_stream(id \(raw: dialect.type(.int)) PRIMARY KEY)")
        try await pool.withConnection { lease in
            try await lease.transaction { transaction in
                _ = try await transaction.executeBatch(
                    "INSERT INTO portable_stream VALUES (\(.parameter))", Array(1...1_000))
            }
            for (what, size) in [("all", 256), ("one by one", 1), ("in large pieces", 100_000)] {
                transcript.note(what, try await read(.max, batchSize: size, in: &lease))
            }
            let columns = try await lease.stream("SELECT id FROM portable_stream") { $0.columns.names }
            transcript.note("columns", columns)
            transcript.note("none", try await read(.max, from: 5_000, in: &lease))
            transcript.note("left early", try await read(10, batchSize: 4, in: &lease))
            transcript.note("after it", try await count(in: &lease))
            do {
                try await lease.stream("SELECT id FROM portable_stream") { rows in
                    _ = try await rows.next()
                    throw Refused()
                }
            } catch is Refused {
                transcript.note("left with an error", "refused")
            }
            transcript.note("after that", try await count(in: &lease))
            do {
                _ = try await read(1, batchSize: 0, in: &lease)
            } catch let error as SQLStatementError {
                transcript.note("no batch", error.code)
            }
            let (sums, total) = try await lease.transaction { transaction in
                let sums = try await read(3, in: &transaction)
                try await transaction.execute("INSERT INTO portable_stream VALUES (\(1_001))")
                return (sums, try await count(in: &transaction))
            }
            transcript.note("in a transaction", "\(sums), then \(total[0])")
        }
    }

    private func read(
        _ limit: Int, from first: Int = 1, batchSize: Int = 256, in session: inout some SQLSession & ~Copyable
    ) async throws -> String {
        try await session.stream(
            "SELECT id FROM portable_stream WHERE id >= \(first) ORDER BY id", batchSize: batchSize
        ) { rows in
            var (count, sum) = (0, 0)
            while count < limit, let row = try await rows.next() {
                count += 1
                sum += try row[0, as: Int.self]
            }
            return "\(count) \(sum)"
        }
    }

    private func count(in session: inout some SQLSession & ~Copyable) async throws -> [Int] {
        try await session.query("SELECT count(*) FROM portable_stream").decode(Int.self)
    }
}

/// What fails, and that the connection goes on after it.
struct Errors: Program {
    let tables = ["portable_child", "portable_parent"]
    let expected = [
        "a key twice: unique", "a unique value twice: unique", "a missing value: notNull",
        "a value that is refused: check", "a parent that is missing: foreignKey", "a parent that is needed: foreignKey",
        "nonsense: syntax", "no table: noTable", "no column: noColumn", "a script: noTable",
        "nonsense prepared: syntax",
        "cancelled before it began: cancelled", "rows: [1]", "connections: 1", "at the end: [1]",
    ]

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws {
        let type = dialect.type(.int)
        try await pool.withConnection { lease in
            try await lease.executeScript(
                """
                CREATE TABLE portable_parent(id \(type) PRIMARY KEY, word VARCHAR(20) NOT NULL UNIQUE, CHECK (id < 100));
                CREATE TABLE portable_child(parent \(type) NOT NULL, FOREIGN KEY (parent) REFERENCES portable_parent(id));
                INSERT INTO portable_parent VALUES (1, 'one');
                INSERT INTO portable_child VALUES (1);
                """)
        }
        let statements: [(String, SQL)] = [
            ("a key twice", "INSERT INTO portable_parent VALUES (\(1), \("two"))"),
            ("a unique value twice", "INSERT INTO portable_parent VALUES (\(2), \("one"))"),
            ("a missing value", "INSERT INTO portable_parent VALUES (\(3), \(nil as String?))"),
            ("a value that is refused", "INSERT INTO portable_parent VALUES (\(100), \("hundred"))"),
            ("a parent that is missing", "INSERT INTO portable_child VALUES (\(7))"),
            ("a parent that is needed", "DELETE FROM portable_parent WHERE id = \(1)"),
            ("nonsense", "SELEC nonsense"),
            ("no table", "SELECT * FROM portable_nothing"),
            ("no column", "SELECT missing FROM portable_parent"),
        ]
        for (what, statement) in statements {
            await transcript.noteError(what, dialect) { try await pool.execute(statement) }
        }
        await transcript.noteError("a script", dialect) {
            try await pool.withConnection {
                try await $0.executeScript("SELECT 1; SELECT * FROM portable_nothing; SELECT 2")
            }
        }
        await transcript.noteError("nonsense prepared", dialect) {
            try await pool.withConnection { _ = try await $0.prepare("SELEC \(.parameter)") }
        }
        await transcript.noteError("cancelled before it began", dialect) {
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await pool.execute("INSERT INTO portable_child VALUES (1)")
            }
            task.cancel()
            try await task.value
        }
        transcript.note("rows", try await pool.query("SELECT count(*) FROM portable_child").decode(Int.self))
        // None of these errors costs a connection.
        transcript.note("connections", pool.statistics.connectionsOpened)
    }
}

/// Keys that the database gives.
struct Keys: Program {
    let tables = ["portable_key"]
    let expected = [
        "inserted: [1, 1, 1]", "named or not told: true", "after an update: nil", "in order: [true, true]",
        "found again: [\"third\"]", "returned: [4]", "at the end: [1]",
    ]

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws {
        try await pool.execute("CREATE TABLE portable_key(id \(raw: dialect.numberedKey), word VARCHAR(20))")
        try await pool.withConnection { lease in
            var results: [SQLStatementResult] = []
            for word in ["first", "second", "third"] {
                results.append(try await lease.execute("INSERT INTO portable_key(word) VALUES (\(word))"))
            }
            transcript.note("inserted", results.map(\.affectedRows))
            let keys = try await lease.query("SELECT id FROM portable_key ORDER BY word").decode(Int64.self)
            let told = results.compactMap(\.lastInsertedID)
            // Postgres tells none: there, a statement returns the key.
            transcript.note("named or not told", dialect.name == "Postgres" ? told.isEmpty : told == keys)
            let update = try await lease.execute("UPDATE portable_key SET word = word WHERE id = \(keys[0])")
            transcript.note("after an update", update.lastInsertedID.map { "\($0)" } ?? "nil")
            transcript.note("in order", zip(keys, keys.dropFirst()).map { $0 < $1 })
            let third = try await lease.query("SELECT word FROM portable_key WHERE id = \(keys[2])").decode(String.self)
            transcript.note("found again", third)
            let returned = try await lease.query("INSERT INTO portable_key(word) VALUES (\("fourth")) RETURNING id")
            transcript.note("returned", try returned.decode(Int.self))
        }
    }
}
