import PoolMySQL
import ServerTestSupport
import Testing

extension MySQLTests {
    @Suite("Ends of transactions of MySQL that nobody has confirmed", .timeLimit(.minutes(2)))
    struct UnknownEndTests {
        enum Closing: CaseIterable {
            case clear, close
        }

        @Test("a commit whose connection is closed before its answer has an unknown end", arguments: Closing.allCases)
        func closed(closing: Closing) async throws {
            let (server, name, relay, isSilent) = try await silencedServer()
            defer { relay.stop() }
            try await withPool(1) {
                $0.database = name
                $0.connect(toPort: relay.port)
            } _: { pool async throws in
                let work = Task {
                    try await pool.withTransaction { transaction in
                        try await transaction.execute("INSERT INTO t VALUES (1)")
                        isSilent.set()
                    }
                }
                // The server has committed, and its answer does not come.
                while try server.printed("SELECT count(*) FROM t", database: name) != [["1"]] { await Task.yield() }
                switch closing {
                case .clear: pool.clear(interrupt: true)
                case .close: try await pool.close(drain: .zero)
                }
                let error = await #expect(throws: MySQLError.self) { try await work.value }
                #expect(error?.sqlState == "08007", "\(String(describing: error))")
            }
        }

        @Test("a statement whose connection is closed before its answer may have had an effect, and says so")
        func statement() async throws {
            let (server, name, relay, isSilent) = try await silencedServer()
            defer { relay.stop() }
            try await withPool(1) {
                $0.database = name
                $0.connect(toPort: relay.port)
            } _: { pool async throws in
                try await pool.execute("INSERT INTO t VALUES (1)")
                isSilent.set()
                let work = Task { try await pool.execute("INSERT INTO t VALUES (1)") }
                while try server.printed("SELECT count(*) FROM t", database: name) != [["2"]] { await Task.yield() }
                pool.clear(interrupt: true)
                let error = await #expect(throws: MySQLError.self) { _ = try await work.value }
                #expect(error?.code == .serverLost, "\(String(describing: error))")
            }
        }

        /// The shared server, a database with a table `t`, and a relay that keeps the answers to itself once the flag
        /// is set.
        private func silencedServer() async throws -> (PrivateMariaDB, String, EditingRelay, Flag) {
            let server = try PrivateMariaDB.shared.get()
            let name = try await server.createDatabase()
            _ = try server.printed("CREATE TABLE t (i INT)", database: name)
            let isSilent = Flag()
            let relay = try EditingRelay(to: server, once: isSilent) { $0 = [] }
            return (server, name, relay, isSilent)
        }
    }
}
