import PoolPostgres
import Testing

extension PostgresTests {
    @Suite("COPY", .timeLimit(.minutes(2)))
    struct CopyTests {
        /// A lease whose session has a table `copied` of its own. It works to the end.
        private func withLease(_ body: (inout Lease<PostgresDriver>) async throws -> Void) async throws {
            try await withPool(1) { pool async throws in
                try await pool.withConnection { lease async throws in
                    try await lease.execute("CREATE TEMPORARY TABLE copied (i int)")
                    try await body(&lease)
                    #expect(try await lease.query("SELECT 42").decode(Int.self) == [42])
                }
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        private func code(_ body: () async throws -> Void) async throws -> PostgresError.Code? {
            do { try await body() } catch let error as PostgresError { return error.code }
            return nil
        }

        @Test("a COPY in the wrong direction is an error, and the lease goes on")
        func wrongDirection() async throws {
            try await withLease { lease async throws in
                let out = try await code {
                    try await lease.copyOut("COPY copied FROM STDIN") { while try await $0.next() != nil {} }
                }
                #expect(out == .featureNotSupported)
                let into = try await code {
                    _ = try await lease.copyIn("COPY copied TO STDOUT") { try await $0.write("1\n") }
                }
                #expect(into == .featureNotSupported)
                let other = try await code { try await lease.copyOut("SELECT 1") { _ in } }
                #expect(other == .featureNotSupported)
            }
        }

        @Test("a second COPY in one text is an error, and nothing of the first stays")
        func twoCopies() async throws {
            try await withLease { lease async throws in
                let into = try await code {
                    _ = try await lease.copyIn("COPY copied FROM STDIN; COPY copied FROM STDIN") {
                        try await $0.write("1\n")
                    }
                }
                #expect(into != nil)
                #expect(try await lease.query("SELECT count(*) FROM copied").decode(Int.self) == [0])
                let out = try await code {
                    try await lease.copyOut("COPY (SELECT 1) TO STDOUT; COPY (SELECT 2) TO STDOUT") { reader in
                        while try await reader.next() != nil {}
                    }
                }
                #expect(out != nil)
            }
        }

        @Test("a task that is cancelled while it writes leaves nothing behind, and the connection is used again")
        func cancelledWriter() async throws {
            try await withPool(1) { pool async throws in
                let task = Task {
                    try await pool.withConnection { lease async throws in
                        try await lease.copyIn("COPY pg_temp.nothing FROM STDIN") { _ in }
                    }
                }
                await #expect(throws: PostgresError.self) { _ = try await task.value }
                let cancelled = Task {
                    try await pool.withConnection { lease async throws in
                        try await lease.execute("CREATE TEMPORARY TABLE copied (i int)")
                        try await lease.copyIn("COPY copied FROM STDIN") { writer in
                            try await writer.write("1\n")
                            unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
                        }
                    }
                }
                await #expect(throws: CancellationError.self) { _ = try await cancelled.value }
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }

        @Test("a COPY of what a statement writes is not undone by a reader that stops early")
        func writingCopy() async throws {
            try await withLease { lease async throws in
                let text: SQL = "COPY (INSERT INTO copied SELECT generate_series(1, 200000) RETURNING *) TO STDOUT"
                let first = try await lease.copyOut(text) { try await $0.next() }
                #expect(first == Array("1\n".utf8))
                #expect(try await lease.query("SELECT count(*) FROM copied").decode(Int.self) == [200_000])
                // And one that fails at its end says so, although its reader has seen rows.
                let failing = try await code {
                    _ = try await lease.copyOut(
                        "COPY (INSERT INTO copied SELECT 10 / (100000 - i) FROM generate_series(1, 100000) i RETURNING *) TO STDOUT"
                    ) { try await $0.next() }
                }
                #expect(failing == .divisionByZero)
                #expect(try await lease.query("SELECT count(*) FROM copied").decode(Int.self) == [200_000])
            }
        }

        @Test("COPY cannot be part of a batch, and the connection goes on")
        func inBatch() async throws {
            try await withLease { lease async throws in
                for statements: [SQL] in [
                    ["COPY copied FROM STDIN", "SELECT 1"], ["SELECT 1", "/* c */ copy copied FROM STDIN"],
                    ["COPY copied TO STDOUT"],
                ] {
                    let batch = try await code { _ = try await lease.batch(statements) }
                    #expect(batch == .featureNotSupported)
                }
                #expect(try await lease.batch(["SELECT 'copy'", "CREATE TEMP TABLE c ()"]).count == 2)
            }
        }

        @Test("COPY is part of the transaction around it")
        func inTransaction() async throws {
            struct Undone: Error {}
            try await withLease { lease async throws in
                try await lease.transaction { transaction in
                    try await transaction.copyIn("COPY copied FROM STDIN") { try await $0.write("1\n2\n") }
                    let first = try await transaction.copyOut("COPY copied TO STDOUT") { try await $0.next() }
                    #expect(first == Array("1\n".utf8))
                }
                await #expect(throws: Undone.self) {
                    try await lease.transaction { transaction in
                        try await transaction.copyIn("COPY copied FROM STDIN") { try await $0.write("3\n") }
                        throw Undone()
                    }
                }
                #expect(try await lease.query("SELECT i FROM copied").decode(Int.self) == [1, 2])
            }
        }
    }
}
