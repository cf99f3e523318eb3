import PoolMySQL
import ServerTestSupport

/// What the load of a MySQL pool consists of.
struct MySQLCall: TokenCall {
    enum Kind: CaseIterable, Sendable {
        case text, bound, prepared, stream, stopped, batch, transaction, nested, results, variable, lock
    }

    let kind: Kind
    let token: Int

    var isLedgerEntry: Bool { kind == .transaction || kind == .nested }

    static func name(of error: any Error) -> String? {
        guard let error = error as? MySQLError, error.code != .queryInterrupted else { return nil }
        return "\(error.code.rawValue) \(error.sqlState)"
    }

    /// A load of such calls.
    static func load(on pool: MySQLPool, seed: UInt64, cancelledPercentage: Int) -> TokenLoad<MySQLCall> {
        TokenLoad(pool: pool, seed: seed, cancelledPercentage: cancelledPercentage) { kind, token, _ in
            MySQLCall(kind: kind, token: token)
        }
    }

    static func createTables(_ pool: MySQLPool) async throws {
        try await pool.withConnection { lease in
            try await lease.executeScript(
                """
                CREATE TABLE ledger (token BIGINT PRIMARY KEY) ENGINE=InnoDB;
                CREATE TABLE copied (token BIGINT, place INT, PRIMARY KEY (token, place)) ENGINE=InnoDB;
                """)
            try await lease.execute(
                "CREATE PROCEDURE three(token BIGINT) BEGIN SELECT token; SELECT token + 1; SELECT token + 2; END")
        }
    }

    func run(on pool: MySQLPool, isCancelled: Bool) async throws {
        switch kind {
        case .text: try expect(await pool.query("SELECT \(raw: "\(token)")").decode(Int.self), [token])
        case .bound:
            let answer = try await pool.query("SELECT \(token), SLEEP(0.0005)").map { try $0[0, as: Int.self] }
            try expect(answer, [token])
        case .prepared: try await prepared(pool)
        case .stream, .stopped: try await stream(pool)
        case .batch: try await batch(pool)
        case .transaction:
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO ledger VALUES (\(token))")
                let answer = try await transaction.query("SELECT token FROM ledger WHERE token = \(token)")
                try expect(answer.decode(Int.self), [token])
            }
        case .nested: try await nested(pool)
        case .results:
            try await pool.withConnection { lease async throws in
                let results = try await lease.queryAll("CALL three(\(token))").filter { $0.rows.columns.count > 0 }
                try expect(results.map { try $0.rows[0][0, as: Int.self] }, [token, token + 1, token + 2])
            }
        case .variable: try await variable(pool)
        case .lock: try await lock(pool)
        }
    }

    private func prepared(_ pool: MySQLPool) async throws {
        try await pool.withConnection { lease async throws in
            let statement = try await lease.prepare("SELECT \(.parameter) + 0")
            for number in token..<(token + 3) {
                try expect(await lease.query(statement, number).decode(Int.self), [number])
            }
        }
    }

    private func stream(_ pool: MySQLPool) async throws {
        let last = kind == .stream ? 300 : 100_000
        try await pool.withConnection { lease async throws in
            try await lease.stream("SELECT \(token) + seq FROM seq_0_to_100000 WHERE seq <= \(last)") {
                rows async throws in
                var next = token
                while next <= token + 300, let row = try await rows.next() {
                    try expect([row[0, as: Int.self]], [next])
                    next += 1
                }
                try expect([next], [token + 301])
            }
        }
    }

    private func batch(_ pool: MySQLPool) async throws {
        try await pool.withTransaction { transaction async throws in
            let results = try await transaction.executeBatch(
                "INSERT INTO copied VALUES (\(.parameter), \(.parameter))", (0..<20).map { (token, $0) })
            try expect(results.map(\.affectedRows), Array(repeating: 1, count: 20))
            let answer = try await transaction.query("SELECT count(*) FROM copied WHERE token = \(token)")
            try expect(answer.decode(Int.self), [20])
            transaction.setRollbackOnly()
        }
    }

    /// What was undone must not be there, and what was done around it must.
    private func nested(_ pool: MySQLPool) async throws {
        try await pool.withTransaction { transaction async throws in
            try await transaction.execute("INSERT INTO ledger VALUES (\(token))")
            try await transaction.transaction { inner async throws in
                try await inner.execute("INSERT INTO copied VALUES (\(token), 0)")
                inner.setRollbackOnly()
            }
            try expect(
                await transaction.query("SELECT token FROM copied WHERE token = \(token)").decode(Int.self), [])
            try expect(
                await transaction.query("SELECT token FROM ledger WHERE token = \(token)").decode(Int.self), [token])
        }
    }

    /// A variable of the session, which no lease may inherit.
    private func variable(_ pool: MySQLPool) async throws {
        try await pool.withConnection { lease async throws in
            try expect(await lease.query("SELECT @token WHERE @token IS NOT NULL").decode(Int.self), [])
            try await lease.execute("SET @token = \(token)")
            try expect(await lease.query("SELECT @token").decode(Int.self), [token])
        }
    }

    private func lock(_ pool: MySQLPool) async throws {
        try await pool.withConnection { lease async throws in
            try await lease.execute("DO GET_LOCK(\("\(token)"), 10)")
            let holder = try await lease.query("SELECT IS_USED_LOCK(\("\(token)")) = CONNECTION_ID(), \(token)")
            try expect(holder.map { try $0[1, as: Int.self] * $0[0, as: Int.self] }, [token])
        }
    }
}
