import PoolSQL

/// Values of one kind, written and read in each way that there is.
struct Values: Program {
    let kind: Kind

    var description: String { "\(kind)" }
    var tables: [String] { ["portable_value"] }
    private var samples: [SQLValue] { kind.samples + [.null] }

    var expected: [String] {
        let written = samples.map(kind.written)
        var lines = written.map { "bound: \($0), \($0)" }
        lines += ["in a batch: \(written)", "streamed: \(written)", "prepared: \(written)"]
        if kind.canBeFound { lines += ["found: \(kind.samples.map { _ in 1 })"] }
        return lines + ["at the end: [1]"]
    }

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws {
        try await pool.withConnection { try await run(on: &$0, dialect, &transcript) }
    }

    private func run(
        on lease: inout Lease<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript
    ) async throws {
        let type = dialect.type(kind)
        try await lease.execute(
            "CREATE TABLE portable_value(id \(raw: dialect.type(.int)) PRIMARY KEY, a \(raw: type), b \(raw: type))")
        for (id, sample) in samples.enumerated() {
            try await lease.execute("INSERT INTO portable_value VALUES (\(id), \(sample), \(sample))")
            let row = try await lease.query("SELECT a, b FROM portable_value WHERE id = \(id)")[0]
            transcript.note("bound", "\(try kind.read(row, at: 0)), \(try kind.read(row, at: 1))")
        }
        try await lease.execute("DELETE FROM portable_value")
        try await lease.executeBatch(
            "INSERT INTO portable_value VALUES (\(.parameter), \(.parameter), \(.parameter))",
            bindSets: samples.enumerated().map { [.int(Int64($0)), $1, .null] })
        let rows = try await lease.query("SELECT a FROM portable_value ORDER BY id")
        transcript.note("in a batch", try rows.map { try kind.read($0, at: 0) })
        let streamed = try await lease.stream("SELECT a FROM portable_value ORDER BY id", batchSize: 3) { rows in
            var values: [String] = []
            while let row = try await rows.next() { values.append(try kind.read(row, at: 0)) }
            return values
        }
        transcript.note("streamed", streamed)
        let statement = try await lease.prepare("SELECT a FROM portable_value WHERE id = \(.parameter)")
        var prepared: [String] = []
        for id in samples.indices { prepared.append(try kind.read(try await lease.query(statement, id)[0], at: 0)) }
        transcript.note("prepared", prepared)
        guard kind.canBeFound else { return }
        var found: [Int] = []
        for sample in kind.samples {
            found += try await lease.query("SELECT count(*) FROM portable_value WHERE a = \(sample)").decode(Int.self)
        }
        transcript.note("found", found)
    }
}

/// Reading rows as tuples and types, and the errors of those who ask for something else.
struct Decoding: Program {
    private struct Person: Decodable {
        let id: Int
        let firstName: String
        let note: String?
        let isActive: Bool
    }

    let tables = ["portable_person"]
    let expected = [
        "columns: [\"id\", \"first_name\", \"note\", \"is_active\"]",
        "tuples: [(1, \"Ada\", nil), (2, \"Zoë\", Optional(\"x\"))]",
        "people: [\"1 Ada - true\", \"2 Zoë x false\"]", "sums: [(2, 3, 1, 2)]",
        "no rows: [\"id\"] []", "a null: unexpectedNull", "a text as a number: typeMismatch",
        "a missing column: noSuchColumn", "two columns of a name: ambiguousColumn", "too many columns: columnCount",
        "a number that is too large: typeMismatch", "at the end: [1]",
    ]

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws {
        try await pool.execute(
            """
            CREATE TABLE portable_person(id \(raw: dialect.type(.int)) PRIMARY KEY, first_name VARCHAR(20) NOT NULL,
                note VARCHAR(20), is_active \(raw: dialect.type(.bool)) NOT NULL)
            """)
        let insert: SQL = "INSERT INTO portable_person VALUES (1, 'Ada', NULL, \(true)), (2, 'Zoë', 'x', \(false))"
        try await pool.execute(insert)
        let rows = try await pool.query("SELECT id, first_name, note, is_active FROM portable_person ORDER BY id")
        transcript.note("columns", rows.columns.names)
        let short = try await pool.query("SELECT id, first_name, note FROM portable_person ORDER BY id")
        transcript.note("tuples", try short.decode((Int, String, String?).self))
        let people = try rows.decode(Person.self, naming: .snakeCase)
        transcript.note("people", people.map { "\($0.id) \($0.firstName) \($0.note ?? "-") \($0.isActive)" })
        let sums = try await pool.query("SELECT count(*), sum(id), min(id), max(id) FROM portable_person")
        transcript.note("sums", try sums.decode((Int, Int, Int, Int).self))
        let none = try await pool.query("SELECT id FROM portable_person WHERE id = \(7)")
        transcript.note("no rows", "\(none.columns.names) \(try none.decode(Int.self))")
        let double = try await pool.query("SELECT id, id FROM portable_person")
        let large = try await pool.query("SELECT id + 300 FROM portable_person")
        await transcript.noteError("a null", dialect) { _ = try rows[0]["note", as: String.self] }
        await transcript.noteError("a text as a number", dialect) { _ = try rows[0]["first_name", as: Int.self] }
        await transcript.noteError("a missing column", dialect) { _ = try rows[0]["age", as: Int.self] }
        await transcript.noteError("two columns of a name", dialect) { _ = try double[0]["id", as: Int.self] }
        await transcript.noteError("too many columns", dialect) { _ = try rows.decode((Int, String).self) }
        await transcript.noteError("a number that is too large", dialect) { _ = try large.decode(UInt8.self) }
    }
}
