import PoolSQL

/// What statements say of themselves, and how they are put together.
struct Statements: Program {
    let tables = ["portable \"odd\" `name`"]
    let expected = [
        "inserted: 3", "updated: 2", "updated to what they were: 2", "deleted none: 0", "read: 0",
        "lists: [1, 3]", "an empty list: []", "parts: [2]", "no bind at all: [3]", "a null: [1]",
        "prepared: 2 [\"id\", \"label\"]", "once: [\"a\"]", "twice: [\"b\"]", "too few values: bindCount",
        "an open parameter: openParameters", "a zero byte: zeroByte", "in the text: [\"a?b $1 :c @d\"]",
        "in a script: [5]", "at the end: [1]",
    ]

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws {
        try await pool.withConnection { try await run(on: &$0, dialect, &transcript) }
    }

    private func run(
        on lease: inout Lease<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript
    ) async throws {
        let table: SQL = "\(identifier: tables[0])"
        try await lease.execute("CREATE TABLE \(table)(id \(raw: dialect.type(.int)) PRIMARY KEY, label VARCHAR(20))")
        let insert: SQL = "INSERT INTO \(table)(id, label) VALUES (1, \(nil as String?)), (2, \("a")), (3, \("b"))"
        transcript.note("inserted", try await lease.execute(insert).affectedRows)
        let update: SQL = "UPDATE \(table) SET label = label WHERE id >= \(2)"
        transcript.note("updated", try await lease.execute(update).affectedRows)
        transcript.note("updated to what they were", try await lease.execute(update).affectedRows)
        transcript.note("deleted none", try await lease.execute("DELETE FROM \(table) WHERE id = \(9)").affectedRows)
        transcript.note("read", try await lease.execute("SELECT id FROM \(table)").affectedRows)
        try await put(table, on: &lease, &transcript)
        try await prepared(table, on: &lease, &transcript)
        transcript.note("in the text", try await lease.query("SELECT 'a?b $1 :c @d'").decode(String.self))
        let quoted = dialect.name == "MariaDB" ? "`portable \"odd\" ``name```" : "\"portable \"\"odd\"\" `name`\""
        try await lease.executeScript(
            "INSERT INTO \(quoted) VALUES (4, 'x;y'); -- a comment; with a semicolon\nINSERT INTO \(quoted) VALUES (5, 'z');"
        )
        transcript.note("in a script", try await lease.query("SELECT count(*) FROM \(table)").decode(Int.self))
    }

    private func put(
        _ table: SQL, on lease: inout Lease<some SQLDriver>, _ transcript: inout Transcript
    ) async throws {
        func ids(_ condition: SQL) async throws -> [Int] {
            try await lease.query("SELECT id FROM \(table) WHERE \(condition) ORDER BY id").decode(Int.self)
        }
        transcript.note("lists", try await ids("id IN \(binds: [1, 3, 99])"))
        transcript.note("an empty list", try await ids("id IN \(binds: [] as [Int])"))
        let conditions: [SQL] = ["label = \("a")", "id < \(3)"]
        transcript.note("parts", try await ids("\(joining: conditions, separator: " AND ") \(if: false, "AND 1 = 0")"))
        transcript.note("no bind at all", try await ids("label = 'b'"))
        transcript.note("a null", try await ids("label IS NULL"))
    }

    private func prepared(
        _ table: SQL, on lease: inout Lease<some SQLDriver>, _ transcript: inout Transcript
    ) async throws {
        let statement = try await lease.prepare(
            "SELECT id, label FROM \(table) WHERE id = \(.parameter) AND label = \(.parameter)")
        transcript.note("prepared", "\(statement.parameterCount) \(statement.columnNames)")
        transcript.note("once", try await lease.query(statement, 2, "a").map { try $0["label", as: String.self] })
        transcript.note("twice", try await lease.query(statement, 3, "b").map { try $0["label", as: String.self] })
        do {
            _ = try await lease.query(statement, 2)
        } catch let error as SQLStatementError {
            transcript.note("too few values", error.code)
        }
        do {
            _ = try await lease.query("SELECT \(.parameter)")
        } catch let error as SQLStatementError {
            transcript.note("an open parameter", error.code)
        }
        do {
            _ = try await lease.query("SELECT \(raw: "'a\u{0}b'")")
        } catch let error as SQLStatementError {
            transcript.note("a zero byte", error.code)
        }
    }
}
