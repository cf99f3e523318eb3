import PoolSQL

/// A little bank. It knows no database: only what all of them can do.
struct Bank<Driver: SQLDriver>: Sendable {
    let pool: Pool<Driver>
    let dialect: Dialect

    /// One day from the opening of the bank to its end. Prints what happens.
    func day() async throws {
        try await pool.withConnection { try await createTables(on: &$0) }
        try await pool.withConnection { try await openAccounts(on: &$0) }
        try await pool.withConnection { try await openTwice(on: &$0) }
        try await payOne()
        try await payMany()
        try await depositAtOnce()
        try await pool.withConnection(.readOnly) { try await printStatement(on: &$0) }
        try await pool.withConnection(.readOnly) { try await printBalances(on: &$0) }
        try await pool.withConnection { try await dropTables(on: &$0) }
    }

    // MARK: Tables

    private func createTables(on connection: inout Lease<Driver>) async throws {
        try await dropTables(on: &connection)
        try await connection.executeScript(
            """
            CREATE TABLE pool_account(
                number BIGINT PRIMARY KEY, owner VARCHAR(100) NOT NULL UNIQUE, cents BIGINT NOT NULL,
                opened DATE NOT NULL, is_frozen BOOLEAN NOT NULL, note VARCHAR(100)
            );
            CREATE TABLE pool_entry(
                id \(dialect.numberedKey), account BIGINT NOT NULL REFERENCES pool_account(number),
                cents BIGINT NOT NULL, purpose VARCHAR(100) NOT NULL
            );
            """
        )
    }

    private func dropTables(on connection: inout Lease<Driver>) async throws {
        try await connection.executeScript("DROP TABLE IF EXISTS pool_entry; DROP TABLE IF EXISTS pool_account;")
    }

    // MARK: Accounts

    private func openAccounts(on connection: inout Lease<Driver>) async throws {
        let first = Account(
            number: 1, owner: "Zoë O'Hara 🏦", cents: 100_00, opened: SQLDate("2024-02-29"), isFrozen: false, note: nil
        )
        // Each interpolated value is a bind value, whatever is in it.
        try await connection.execute(
            """
            INSERT INTO pool_account(number, owner, cents, opened, is_frozen, note)
            VALUES (\(first.number), \(first.owner), \(first.cents), \(first.opened), \(first.isFrozen), \(first.note))
            """
        )
        // One statement, many values: one round trip where there is a network between.
        let results = try await connection.executeBatch(
            """
            INSERT INTO pool_account(number, owner, cents, opened, is_frozen, note)
            VALUES (\(.parameter), \(.parameter), \(.parameter), \(.parameter), \(.parameter), \(.parameter))
            """,
            [
                (2, "Ada", 50_00, SQLDate("2025-01-01"), false, "pays in"),
                (3, "Grace", 0, SQLDate("2025-06-30"), false, nil as String?),
                (4, "Nobody'); DROP TABLE pool_account; --", 10_00, SQLDate("1999-12-31"), true, "was asked"),
            ]
        )
        print("opened \(1 + results.map(\.affectedRows).reduce(0, +)) accounts")
    }

    /// What is there already is an error with a name, and the connection goes on.
    private func openTwice(on connection: inout Lease<Driver>) async throws {
        do {
            try await connection.execute(
                """
                INSERT INTO pool_account(number, owner, cents, opened, is_frozen)
                VALUES (5, \("Ada"), 0, \(SQLDate("2025-01-01")), \(false))
                """
            )
            print("Ada has two accounts")
        } catch  where dialect.isDuplicate(error) {
            print("Ada has an account already")
        }
        let owners = try await connection.query("SELECT count(*) FROM pool_account").decode(Int.self)
        print("accounts: \(owners[0])")
    }

    // MARK: Payments

    private func payOne() async throws {
        try await pool.withTransaction { transaction in
            try await pay(30_00, from: 1, to: 3, in: &transaction)
        }
        print("paid 30.00 from 1 to 3")
    }

    /// A transaction in which single payments fail, each of them undone alone.
    private func payMany() async throws {
        let orders = [(from: 2, to: 3, cents: 20_00), (from: 3, to: 1, cents: 999_00), (from: 1, to: 2, cents: 5_50)]
        try await pool.withTransaction { transaction in
            for order in orders {
                do {
                    try await transaction.transaction { inner in
                        try await pay(order.cents, from: order.from, to: order.to, in: &inner)
                    }
                    print("paid \(money(order.cents)) from \(order.from) to \(order.to)")
                } catch let refusal as Refusal {
                    print("refused \(money(order.cents)) from \(order.from) to \(order.to): \(refusal.reason)")
                }
            }
        }
    }

    /// For any session: a lease, a transaction, or a transaction within one.
    private func pay(
        _ cents: Int, from giver: Int, to taker: Int, in session: inout some SQLSession & ~Copyable
    ) async throws {
        for (account, change, purpose) in [(taker, cents, "from \(giver)"), (giver, -cents, "to \(taker)")] {
            try await session.execute(
                "INSERT INTO pool_entry(account, cents, purpose) VALUES (\(account), \(change), \(purpose))"
            )
            let update = try await session.execute(
                """
                UPDATE pool_account SET cents = cents + \(change)
                WHERE number = \(account) AND cents + \(change) >= 0 AND NOT is_frozen
                """
            )
            guard update.affectedRows == 1 else {
                throw Refusal(reason: "account \(account) cannot take \(money(change))")
            }
        }
    }

    /// Many concurrent tasks, on fewer connections than there are tasks.
    private func depositAtOnce() async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<20 {
                group.addTask {
                    // The body runs again where the database gives up one of two that are in each other's way.
                    try await pool.withTransaction(SQLTransactionOptions(maximumRetries: 20)) { transaction in
                        try await transaction.execute("UPDATE pool_account SET cents = cents + 1 WHERE number = 2")
                    }
                }
            }
            try await group.waitForAll()
        }
        print("20 deposits at once")
    }

    // MARK: Reports

    /// Row by row: memory does not grow with the number of entries.
    private func printStatement(on connection: inout Lease<Driver>) async throws {
        let sum = try await connection.stream("SELECT account, cents, purpose FROM pool_entry ORDER BY id") { rows in
            var sum = 0
            while let row = try await rows.next() {
                let (account, cents, purpose) = try row.decode((Int, Int, String).self)
                print("entry: account \(account), \(money(cents)) \(purpose)")
                sum += cents
            }
            return sum
        }
        print("entries add up to \(money(sum))")
    }

    private func printBalances(on connection: inout Lease<Driver>) async throws {
        // Rows become a type of your own, whose properties are named after the columns.
        let accounts = try await connection.query(
            "SELECT number, owner, cents, opened, is_frozen, note FROM pool_account ORDER BY number"
        ).decode(Account.self, naming: .snakeCase)
        for account in accounts { print(account) }
        // Rows become tuples.
        let frozen = try await connection.query(
            "SELECT number, owner FROM pool_account WHERE is_frozen = \(true) OR owner IN \(binds: ["Ada", "nobody"])"
                + " ORDER BY number"
        ).decode((Int, String).self)
        for (number, owner) in frozen { print("frozen, or Ada: \(number) \(owner)") }
        // The database checks a prepared statement once, for values that change.
        let byOwner = try await connection.prepare("SELECT cents FROM pool_account WHERE owner = \(.parameter)")
        for owner in ["Ada", "Grace", "Alan"] {
            let cents = try await connection.query(byOwner, owner).decode(Int.self).first
            print("\(owner): \(cents.map(money) ?? "no account")")
        }
    }
}

/// A row of the table `pool_account`.
private struct Account: Decodable, CustomStringConvertible {
    let number: Int
    let owner: String
    let cents: Int
    let opened: SQLDate?
    let isFrozen: Bool
    let note: String?

    var description: String {
        "account \(number) of \(owner) since \(opened.map { "\($0)" } ?? "ever"): \(money(cents))"
            + (isFrozen ? ", frozen" : "") + (note.map { ", \($0)" } ?? "")
    }
}

/// A payment that the bank does not make.
private struct Refusal: Error {
    let reason: String
}

private func money(_ cents: Int) -> String {
    let rest = String(cents.magnitude % 100)
    return "\(cents < 0 ? "-" : "")\(cents.magnitude / 100).\(rest.count < 2 ? "0" : "")\(rest)"
}
