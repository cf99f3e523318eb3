import PoolPostgres

func misuse(_ pool: PostgresPool) async throws {
    try await pool.withConnection { connection in
        try await connection.copyIn("COPY numbers FROM STDIN") { writer in
            Task {  // expect-error: escaping closure captures 'inout' parameter 'writer'
                try await writer.write("1\n")
            }
        }
    }
}
