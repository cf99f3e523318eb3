import Foundation
import Logging
import PoolPostgres
import Synchronization
import Testing

extension PostgresTests {
    @Suite("Where the settings of Postgres come from", .timeLimit(.minutes(2)))
    struct ConfigurationTests {
        /// A file that only its owner may read, as libpq wants it.
        private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
            let path = NSTemporaryDirectory() + "pool-postgres-\(UInt32.random(in: 0...UInt32.max))"
            #expect(
                FileManager.default.createFile(
                    atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]))
            defer { try? FileManager.default.removeItem(atPath: path) }
            try await body(path)
        }

        @Test(
            "a password comes from the password file, by host, port, database and user",
            .enabled(if: PrivatePostgres.canBeSecure, "openssl is not installed"))
        func passwordFile() async throws {
            let server = try PrivatePostgres.secure.get()
            let base = "host=127.0.0.1 port=\(server.port) dbname=postgres sslmode=require"
            let text = """
                127.0.0.1:\(server.port):postgres:open:open
                *:*:*:ada:right
                """
            try await withFile(text) { file async throws in
                for user in ["ada", "open"] {
                    try await withConnection(to: "\(base) user=\(user) passfile=\(file)") {
                        _, connection async throws in
                        #expect(try await connection.values("SELECT current_user::text") == [.text(user)])
                    }
                }
                let missing = try await refusal("\(base) user=postgres passfile=\(file)")
                #expect(missing.message.contains("no password supplied"))
            }
            try await withFile("*:*:*:ada:wrong") { file async throws in
                let wrong = try await refusal("\(base) user=ada passfile=\(file)")
                #expect(wrong.code == .invalidPassword)
            }
        }

        @Test("settings that libpq's environment variables name hold where the connection string has none")
        func environment() async throws {
            let server = try PrivatePostgres.shared.get()
            let (folder, port) = (server.folder, "\(server.port)")
            await #expect(processExitsWith: .success) { [folder = folder as String, port = port as String] in
                for (name, value) in [
                    ("PGHOST", folder), ("PGPORT", port), ("PGUSER", "postgres"), ("PGDATABASE", "postgres"),
                    ("PGAPPNAME", "from the environment"), ("PGOPTIONS", "-c work_mem=7MB"),
                ] { unsafe setenv(name, value, 1) }
                try await withConnection(to: "") { _, connection async throws in
                    let values = try await connection.values(
                        "SELECT current_setting('application_name'), current_setting('work_mem')")
                    try #require(values == [.text("from the environment"), .text("7MB")])
                }
                try await withConnection(to: "application_name=till") { _, connection async throws in
                    try #require(try await connection.values("SHOW application_name") == [.text("till")])
                }
            }
        }

        @Test("a service file names the server, and what the connection string says goes before it")
        func serviceFile() async throws {
            let server = try PrivatePostgres.shared.get()
            let text = """
                [shop]
                host=\(server.folder)
                port=\(server.port)
                dbname=postgres
                user=postgres
                application_name=service
                """
            try await withFile(text) { file async throws in
                await #expect(processExitsWith: .success) { [file = file as String] in
                    unsafe setenv("PGSERVICEFILE", file, 1)
                    for (settings, name) in [
                        ("service=shop", "service"), ("service=shop application_name=till", "till"),
                    ] {
                        try await withConnection(to: settings) { _, connection async throws in
                            try #require(try await connection.values("SHOW application_name") == [.text(name)])
                        }
                    }
                    let unknown = try await refusal("service=elsewhere")
                    try #require(unknown.message.contains("elsewhere"))
                }
            }
        }

        // MARK: Notices

        @Test("what the server says beside its answers goes to the log, at the level that its severity has")
        func notices() async throws {
            let log = LogRecorder()
            let logger = Logger(label: "test") { _ in log }
            let server = try PrivatePostgres.shared.get()
            try await withPool(to: server.connection(), PoolConfiguration(maximumConnections: 1), logger: logger) {
                pool async throws in
                try await pool.withConnection { connection in
                    try await connection.executeScript(
                        """
                        SET client_min_messages = debug1;
                        DO $$ BEGIN
                            RAISE NOTICE 'noticed' USING DETAIL = 'in detail', HINT = 'a hint', ERRCODE = '01003';
                            RAISE WARNING 'warned';
                            RAISE INFO 'informed';
                            RAISE DEBUG 'debugged';
                        END $$
                        """)
                }
            }
            let lines = log.lines.filter { ["noticed", "warned", "informed", "debugged"].contains($0.message) }
            #expect(lines.map(\.message) == ["noticed", "warned", "informed", "debugged"])
            #expect(lines.map(\.level) == [.notice, .warning, .info, .debug])
            #expect(lines.first?.metadata == ["sqlstate": "01003", "detail": "in detail", "hint": "a hint"])
        }

        // MARK: Reset policies

        /// What the next lease finds: the setting of the last one, and whether its transaction is still open.
        private func leftovers(_ policy: SQLResetPolicy) async throws -> (String, Bool, resets: Int) {
            try await withPool(1) {
                $0.resetPolicy = policy
            } _: { pool async throws in
                try await pool.withConnection { connection in
                    try await connection.execute("SET work_mem = '99MB'")
                    try await connection.execute("BEGIN")
                    try await connection.execute("CREATE TEMP TABLE IF NOT EXISTS left_over (i int)")
                }
                // A lease of its own: `pool.query` refuses to leave a transaction open, whoever has opened it.
                let found = try await pool.withConnection { connection in
                    let found = try await connection.query(
                        "SELECT current_setting('work_mem'), pg_current_xact_id_if_assigned() IS NOT NULL"
                    ).decode((String, Bool).self)
                    // What is still open must not wait for the pool's end.
                    try await connection.execute("ROLLBACK")
                    return found
                }
                let (memory, isOpen) = try #require(found.first)
                return (memory, isOpen, pool.statistics.resets)
            }
        }

        @Test("each reset policy undoes what it says, and no more")
        func policies() async throws {
            let off = try await leftovers(.off)
            #expect(off.0 == "99MB" && off.1, "\(off)")
            let rollbackOnly = try await leftovers(.rollbackOnly)
            #expect(rollbackOnly.0 == "99MB" && !rollbackOnly.1, "\(rollbackOnly)")
            for policy in [SQLResetPolicy.smart, .full] {
                let rest = try await leftovers(policy)
                #expect(rest.0 == "4MB" && !rest.1, "\(rest)")
            }
        }

        @Test("a change that no text tells of is undone by the full policy only", arguments: [true, false])
        func hiddenChange(isFull: Bool) async throws {
            try await withPool(1) {
                $0.resetPolicy = isFull ? .full : .smart
            } _: { pool async throws in
                try await pool.execute(
                    """
                    CREATE OR REPLACE FUNCTION hide_a_change() RETURNS int LANGUAGE plpgsql AS
                    $$ BEGIN EXECUTE 'SET work_mem = ''88MB'''; RETURN 1; END $$
                    """)
                try await pool.execute("CREATE OR REPLACE VIEW hides_a_change AS SELECT hide_a_change()")
                // A function that is called by name is no secret.
                _ = try await pool.query("SELECT hide_a_change()")
                #expect(try await pool.query("SHOW work_mem").decode(String.self) == ["4MB"])
                let resets = pool.statistics.resets
                for _ in 0..<3 { _ = try await pool.query("SELECT * FROM hides_a_change") }
                let memory = try await pool.query("SHOW work_mem").decode(String.self)
                #expect(memory == [isFull ? "4MB" : "88MB"])
                if !isFull { #expect(pool.statistics.resets == resets) }
                #expect(pool.statistics.connectionsOpened == 1)
            }
        }
    }
}

/// A log for a test to read.
private final class LogRecorder: LogHandler, Sendable {
    struct Line: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: Logger.Metadata
    }

    private let recorded = Mutex<[Line]>([])

    var lines: [Line] { recorded.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let line = Line(level: event.level, message: "\(event.message)", metadata: event.metadata ?? [:])
        recorded.withLock { $0.append(line) }
    }
}
