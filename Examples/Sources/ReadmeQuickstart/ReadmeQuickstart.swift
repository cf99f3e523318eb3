import PoolSQLite

@main
struct Example {
    static func main() async throws {
        let pool = try SQLitePool(path: "shop.db", configuration: .init(maximumConnections: 8))

        try await pool.execute("CREATE TABLE IF NOT EXISTS account(name TEXT PRIMARY KEY, balance INTEGER NOT NULL)")
        for name in ["Ada", "Grace"] {
            // An interpolated value is a bind parameter, always.
            try await pool.execute("INSERT INTO account VALUES (\(name), 100) ON CONFLICT DO UPDATE SET balance = 100")
        }

        // All or nothing: a throw rolls back.
        let amount = 30
        try await pool.withTransaction { transaction in
            try await transaction.execute("UPDATE account SET balance = balance - \(amount) WHERE name = 'Ada'")
            try await transaction.execute("UPDATE account SET balance = balance + \(amount) WHERE name = 'Grace'")
        }

        // A connection for as long as the closure runs; it cannot be kept longer.
        let accounts = try await pool.withConnection(.readOnly) { connection in
            try await connection.query("SELECT name, balance FROM account ORDER BY name").decode((String, Int).self)
        }
        for (name, balance) in accounts { print("\(name) has \(balance)") }

        print(pool.statistics)
        try await pool.close(drain: .seconds(10))
    }
}
