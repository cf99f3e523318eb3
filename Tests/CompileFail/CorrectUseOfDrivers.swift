import PoolMySQL
import PoolPostgres
import PoolSQLite

// The positive control for what one driver alone lends.

func copies(_ pool: PostgresPool) async throws {
    func fill(_ writer: inout PostgresCopyWriter) async throws {
        try await writer.write("1\n")
    }
    func drain(_ reader: inout PostgresCopyReader) async throws -> Int {
        var lines = 0
        while try await reader.next() != nil { lines += 1 }
        return lines
    }
    try await pool.withConnection { connection in
        try await connection.copyIn("COPY numbers FROM STDIN") { writer in try await fill(&writer) }
        _ = try await connection.copyOut("COPY numbers TO STDOUT") { reader in try await drain(&reader) }
    }
}

func listens(_ pool: PostgresPool) async throws -> PostgresNotification {
    func first(_ notifications: inout PostgresNotifications) async throws -> PostgresNotification {
        try await notifications.next()
    }
    return try await pool.withConnection { connection in
        try await connection.listen(to: ["orders"]) { notifications in try await first(&notifications) }
    }
}

func readsABlob(_ pool: SQLitePool) async throws -> [UInt8] {
    func head(_ blob: inout SQLiteBlob) async throws -> [UInt8] {
        try await blob.read(at: 0, count: min(blob.size, 16))
    }
    return try await pool.withConnection { connection in
        try await connection.withBlob(table: "files", column: "data", row: 1) { blob in try await head(&blob) }
    }
}

func callsAProcedure(_ pool: MySQLPool) async throws -> Int {
    func call(_ transaction: inout SQLTransaction<MySQLDriver>) async throws -> Int {
        try await transaction.queryAll("CALL p()").count
    }
    return try await pool.withTransaction { transaction in try await call(&transaction) }
}

func makesPools(
    _ observer: some PoolObserver, _ credentials: @escaping PoolCredentialProvider, _ budget: PoolBudget
) throws {
    _ = try PostgresPool()
    _ = try PostgresPool(
        url: "postgres:///shop", configuration: .init(maximumConnections: 4),
        hooks: PoolHooks(connect: { try await $0.execute("SELECT 1") }), credentials: credentials, observer: observer,
        logger: nil, budget: budget)
    _ = try MySQLPool(
        url: "mysql://app@localhost/shop", configuration: .init(maximumConnections: 4),
        hooks: PoolHooks(connect: { try await $0.execute("SELECT 1") }), credentials: credentials, observer: observer,
        logger: nil, budget: budget)
    _ = try SQLitePool(
        path: "shop.db", configuration: .init(maximumConnections: 4),
        hooks: PoolHooks(connect: { try await $0.execute("SELECT 1") }), observer: observer, logger: nil,
        budget: budget)
}
