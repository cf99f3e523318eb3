import PoolPostgres

func misuse(_ pool: PostgresPool) async throws {
    try await pool.withConnection { connection in
        try await connection.listen(to: ["orders"]) { notifications in
            Task {  // expect-error: escaping closure captures 'inout' parameter 'notifications'
                _ = try await notifications.next()
            }
        }
    }
}
