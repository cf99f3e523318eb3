import Foundation
import PoolCore
import PoolPostgres
import Synchronization
import Testing

/// A PostgreSQL server of this process's own, which is started when it is first needed and ends with the process.
///
/// It runs as an unprivileged user, keeps its data in a temporary folder, and can be reached only through a Unix socket in that
/// folder, where it trusts everybody, and with a password on 127.0.0.1.
final class PrivatePostgres: Sendable {
    /// Whatever happens to this process, the end of its pipe stops the server.
    private static let script = #"""
        set -e
        cd "$folder"
        umask 077
        initdb -D data -U postgres -A trust -E UTF8 --locale=C --no-sync >initdb.log 2>&1
        tls=off
        if openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
            -keyout data/server.key -out data/server.crt >openssl.log 2>&1; then tls=on; fi
        {
            echo 'local all all trust'
            echo 'hostssl all tls_only 127.0.0.1/32 scram-sha-256'
            echo 'host all scram 127.0.0.1/32 scram-sha-256'
        } >data/pg_hba.conf
        port=0
        for try in 1 2 3 4 5 6 7 8; do
            port=$((20000 + ($$ * 7 + try * 1009) % 30000))
            postgres -D data -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off \
                -c max_connections=200 -c ssl="$tls" -c max_prepared_transactions=5 >server.log 2>&1 &
            server=$!
            ready=false
            for wait in $(seq 1 300); do
                if pg_isready -q -h "$folder" -p "$port"; then ready=true; break; fi
                if ! kill -0 "$server" 2>/dev/null; then break; fi
                sleep 0.1
            done
            if $ready; then break; fi
        done
        $ready
        bouncer=off
        mkdir bouncer
        {
            echo '[databases]'
            echo "* = host=$folder port=$port"
            echo '[pgbouncer]'
            echo 'listen_addr ='
            echo "listen_port = $port"
            echo "unix_socket_dir = $folder/bouncer"
            echo 'auth_type = trust'
            echo "auth_file = $folder/bouncer/users"
            echo 'pool_mode = transaction'
            echo 'default_pool_size = 2'
        } >bouncer/pgbouncer.ini
        echo '"postgres" ""' >bouncer/users
        if command -v pgbouncer >/dev/null; then
            pgbouncer -q bouncer/pgbouncer.ini >bouncer.log 2>&1 &
            pooler=$!
            for wait in $(seq 1 100); do
                if pg_isready -q -h "$folder/bouncer" -p "$port"; then bouncer=on; break; fi
                sleep 0.1
            done
        fi
        echo "$port $server $tls $bouncer"
        read -r _ || true
        if [ -n "${pooler:-}" ]; then kill -QUIT "$pooler" || true; fi
        # A test may have killed it.
        kill -QUIT "$server" || true
        wait "$server" || true
        cd /
        rm -rf "$folder"
        """#

    /// The host of the Unix socket.
    let folder: String
    let port: Int
    let processID: Int32
    let hasTLS: Bool
    /// True if a PgBouncer in transaction mode, with two connections to the server, listens in the folder `bouncer`.
    let hasBouncer: Bool
    private let process: Process
    private let pipe: Pipe
    private let schemaCount = Atomic<Int>(0)

    /// Where the server's programs are, or nil if there are none.
    private static let programs: String? = {
        let fixed = ["/opt/homebrew/opt/postgresql@17/bin", "/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"]
        let debian = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders = debian.sorted().reversed().map { "/usr/lib/postgresql/\($0)/bin" } + fixed
        return folders.first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }
    }()

    /// False on a machine without the server's programs; in CI that is a failure, and no reason to skip.
    static let isAvailable = programs != nil || ProcessInfo.processInfo.environment["CI"] != nil

    /// The server of this process.
    static let shared: Result<PrivatePostgres, any Error> = Result { try PrivatePostgres() }

    struct CannotStart: Error, CustomStringConvertible {
        let description: String
    }

    init() throws {
        guard let programs = Self.programs else {
            throw CannotStart(description: "PostgreSQL's server is not installed: see require_postgres in Scripts")
        }
        // Short, because the path of a socket has at most 107 bytes.
        let folder =
            "/tmp/pool-postgres-\(ProcessInfo.processInfo.processIdentifier)-\(UInt16.random(in: 0...UInt16.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let process = Process()
        // The server refuses to run as root.
        if getuid() == 0 {
            try FileManager.default.setAttributes([.ownerAccountName: "postgres"], ofItemAtPath: folder)
            process.executableURL = URL(filePath: "/usr/sbin/runuser")
            process.arguments = ["-u", "postgres", "--", "/bin/bash", "-c", Self.script]
        } else {
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", Self.script]
        }
        var environment = ProcessInfo.processInfo.environment
        environment["folder"] = folder
        environment["PATH"] = programs + ":" + (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin"
        process.environment = environment
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let words = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).split(separator: " ")
        guard words.count == 4, let port = Int(words[0]), let processID = Int32(words[1]) else {
            let log = (try? String(contentsOfFile: folder + "/server.log", encoding: .utf8)) ?? ""
            throw CannotStart(description: "the server in \(folder) does not start: \(log)")
        }
        (self.folder, self.port, self.processID) = (folder, port, processID)
        hasTLS = words[2] == "on"
        hasBouncer = words[3].hasPrefix("on")
        (self.process, pipe) = (process, input)
    }

    deinit {
        // Foundation keeps what it has started, and with it the pipe: without this the server would last as long as this process.
        try? pipe.fileHandleForWriting.close()
    }

    // MARK: Databases

    /// A connection string for the Unix socket.
    func connection(_ database: String = "postgres", user: String = "postgres", more: String = "") -> String {
        "host=\(folder) port=\(port) dbname=\(database) user=\(user) \(more)"
    }

    func configuration(_ database: String = "postgres", more: String = "") throws -> PostgresConfiguration {
        try PostgresConfiguration(connection(database, more: more))
    }

    /// Creates an empty schema, and returns the setting that makes it the only one: quicker than a database.
    func createSchema() async throws -> String {
        let name = "test_\(schemaCount.add(1, ordering: .relaxed).newValue)"
        try await Self.administrator.get().execute("CREATE SCHEMA \(identifier: name)")
        return "options='-c search_path=\(name)'"
    }

    /// A pool for the database `postgres`, which lives as long as the process.
    static let administrator: Result<PostgresPool, any Error> = Result {
        try PostgresPool(
            database: shared.get().configuration(),
            configuration: PoolConfiguration(name: "administrator", maximumConnections: 2))
    }
}

/// A connection without a pool.
@discardableResult
func withConnection<Result>(
    _ change: (inout PostgresTestSettings) -> Void = { _ in },
    _ body: (PostgresDriver, PostgresConnection) async throws -> Result
) async throws -> Result {
    let server = try PrivatePostgres.shared.get()
    var settings = PostgresTestSettings()
    change(&settings)
    let driver = PostgresDriver(configuration: try settings.configuration(server))
    let connection = try await connect(driver)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(driver, connection)) } catch { result = .failure(error) }
    await driver.close(connection, mode: .orderly)
    return try result.get()
}

func connect(_ driver: PostgresDriver) async throws -> PostgresConnection {
    let lane = try driver.lanes(maximumConnections: 1)[0]
    return try await driver.connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
}

/// A pool of the shared server.
@discardableResult
func withPool<Result>(
    _ maximumConnections: Int = 4, _ change: (inout PostgresTestSettings) -> Void = { _ in },
    _ body: (PostgresPool) async throws -> Result
) async throws -> Result {
    let server = try PrivatePostgres.shared.get()
    var settings = PostgresTestSettings()
    change(&settings)
    let pool = try PostgresPool(
        database: settings.configuration(server),
        configuration: PoolConfiguration(name: "test", maximumConnections: maximumConnections))
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(pool)) } catch { result = .failure(error) }
    await pool.close(drain: .seconds(5))
    return try result.get()
}

/// What a test may want otherwise.
struct PostgresTestSettings {
    var more = ""
    var statementCacheCapacity = 100
    var prepareThreshold = 2
    var cancelTimeout = Duration.seconds(20)
    var execution = PostgresConfiguration.Execution.caller
    var resetPolicy = PostgresConfiguration.ResetPolicy.smart

    func configuration(_ server: PrivatePostgres) throws -> PostgresConfiguration {
        try PostgresConfiguration(
            server.connection(more: more), statementCacheCapacity: statementCacheCapacity,
            prepareThreshold: prepareThreshold, cancelTimeout: cancelTimeout, execution: execution,
            resetPolicy: resetPolicy)
    }
}

extension PostgresConnection {
    func values(_ sql: SQL) async throws -> [SQLValue] {
        try await query(sql).flatMap { Array($0.values) }
    }
}
