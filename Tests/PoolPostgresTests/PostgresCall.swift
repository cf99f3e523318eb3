import PoolPostgres
import ServerTestSupport

/// What the load of a Postgres pool consists of.
struct PostgresCall: TokenCall {
    enum Kind: CaseIterable, Sendable {
        case text, prepared, stream, stopped, batch, manyBinds, transaction, copyIn, copyOut, listen, lock
    }

    let kind: Kind
    let token: Int
    let channel: String
    /// Sends the notifications: those who listen hold their leases meanwhile.
    let notifier: PostgresPool

    var isLedgerEntry: Bool { kind == .transaction }

    static func name(of error: any Error) -> String? {
        guard let error = error as? PostgresError, error.code != .queryCanceled else { return nil }
        return "\(error.code)"
    }

    /// A load of such calls.
    static func load(
        on pool: PostgresPool, notifier: PostgresPool, seed: UInt64, cancelledPercentage: Int
    ) -> TokenLoad<PostgresCall> {
        TokenLoad(pool: pool, seed: seed, cancelledPercentage: cancelledPercentage) { kind, token, task in
            PostgresCall(kind: kind, token: token, channel: "channel_\(task)", notifier: notifier)
        }
    }

    static func createTables(_ pool: PostgresPool) async throws {
        try await pool.withConnection { lease in
            try await lease.executeScript(
                """
                DROP TABLE IF EXISTS ledger, copied;
                CREATE TABLE ledger (token int8 PRIMARY KEY);
                CREATE TABLE copied (token int8);
                """)
        }
    }

    func run(on pool: PostgresPool, isCancelled: Bool) async throws {
        switch kind {
        case .text: try expect(await pool.query("SELECT \(raw: "\(token)")::int8").decode(Int.self), [token])
        case .prepared:
            let answer = try await pool.query("SELECT \(token)::int8, pg_sleep(0.0005)").map { try $0[0, as: Int.self] }
            try expect(answer, [token])
        case .stream, .stopped: try await stream(pool)
        case .batch: try await batch(pool)
        case .manyBinds: try await manyBinds(pool)
        case .transaction:
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO ledger VALUES (\(token))")
                let answer = try await transaction.query("SELECT token FROM ledger WHERE token = \(token)")
                try expect(answer.decode(Int.self), [token])
            }
        case .copyIn, .copyOut: try await copy(pool)
        case .listen: try await listen(pool, waitsForever: isCancelled)
        case .lock:
            try await pool.withConnection { lease async throws in
                try await lease.withAdvisoryLock(Int64(token)) { lease async throws in
                    try expect(await lease.query("SELECT \(token)::int8").decode(Int.self), [token])
                }
            }
        }
    }

    private func stream(_ pool: PostgresPool) async throws {
        let last = token + (kind == .stream ? 300 : 100_000)
        let stop = token + 300
        try await pool.withConnection { lease async throws in
            try await lease.stream("SELECT generate_series(\(token)::int8, \(last)::int8)") { rows async throws in
                var next = token
                while next <= stop, let row = try await rows.next() {
                    try expect([row[0, as: Int.self]], [next])
                    next += 1
                }
                try expect([next], [stop + 1])
            }
        }
    }

    private func batch(_ pool: PostgresPool) async throws {
        try await pool.withConnection { lease async throws in
            let results = try await lease.batch([
                "SELECT \(token)::int8", "SELECT \(token + 1)::int8, pg_sleep(0.0003)", "SELECT \(token + 2)::int8",
            ])
            try expect(results.map { try $0.get()[0][0, as: Int.self] }, [token, token + 1, token + 2])
        }
    }

    private func manyBinds(_ pool: PostgresPool) async throws {
        try await pool.withTransaction { transaction async throws in
            let results = try await transaction.executeBatch(
                "INSERT INTO copied VALUES (\(.parameter))", (0..<20).map { _ in token })
            try expect(results.map(\.affectedRows), Array(repeating: 1, count: 20))
            let answer = try await transaction.query("SELECT count(*) FROM copied WHERE token = \(token)")
            try expect(answer.decode(Int.self), [20])
            try await transaction.execute("DELETE FROM copied WHERE token = \(token)")
        }
    }

    private func copy(_ pool: PostgresPool) async throws {
        try await pool.withConnection { lease async throws in
            if kind == .copyIn {
                let count = try await lease.copyIn("COPY copied FROM STDIN") { writer async throws in
                    for _ in 0..<50 { try await writer.write("\(token)\n") }
                }
                try expect([count], [50])
                return
            }
            let statement: SQL = "COPY (SELECT generate_series(\(raw: "\(token), \(token)") + 2000)) TO STDOUT"
            let lines = try await lease.copyOut(statement) { reader async throws in
                var lines: [Int] = []
                while let line = try await reader.next() {
                    lines += [Int(String(decoding: line.dropLast(), as: UTF8.self)) ?? -1]
                }
                return lines
            }
            try expect(lines, Array(token...(token + 2000)))
        }
    }

    private func listen(_ pool: PostgresPool, waitsForever: Bool) async throws {
        try await pool.withConnection { lease async throws in
            try await lease.listen(to: [channel]) { notifications async throws in
                if !waitsForever {
                    _ = try await notifier.query("SELECT pg_notify(\(channel), \("\(token)"))")
                }
                try expect([Int(try await notifications.next().payload) ?? -1], [token])
            }
        }
    }
}
