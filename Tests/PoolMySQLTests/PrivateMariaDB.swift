import Foundation
import PoolCore
import PoolMySQL
import Synchronization
import Testing

/// A MariaDB server of this process's own, which is started when it is first needed and ends with the process.
///
/// It runs as an unprivileged user, keeps its data in a temporary folder, and can be reached only through a Unix socket in that
/// folder, where `root` needs no password, and on 127.0.0.1 with the passwords of the accounts made here.
final class PrivateMariaDB: Sendable {
    /// Whatever happens to this process, the end of its pipe stops the server. Each line that comes starts it again.
    private static let script = #"""
        set -e
        cd "$folder"
        umask 077
        mariadb-install-db --no-defaults --datadir="$folder/data" --auth-root-authentication-method=normal --skip-test-db \
            >install.log 2>&1
        tls=off
        if [ "$certificates" = true ] && {
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=PoolTestAuthority -keyout ca.key -out ca.pem &&
            openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr &&
            printf 'subjectAltName=DNS:localhost' >san &&
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out server.pem &&
            openssl req -newkey rsa:2048 -nodes -subj /CN=client -keyout client.key -out client.csr &&
            openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out client.pem &&
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=SomebodyElse -keyout other.key -out other.pem
        } >openssl.log 2>&1; then tls=on; fi
        chmod 755 "$folder"
        if [ "$tls" = on ]; then chmod 644 ca.pem other.pem client.pem client.key; fi
        cat >init.sql <<'END'
        CREATE DATABASE test;
        CREATE USER app@'%' IDENTIFIED BY 'the right one';
        GRANT ALL ON *.* TO app@'%';
        CREATE USER other@'%' IDENTIFIED BY 'another';
        GRANT ALL ON test.* TO other@'%';
        CREATE USER tlsonly@'%' IDENTIFIED BY '' REQUIRE X509;
        CREATE USER few@'%' IDENTIFIED BY '' WITH MAX_USER_CONNECTIONS 2;
        CREATE USER nothing@'%' IDENTIFIED BY '';
        CREATE USER reader@'%' IDENTIFIED BY '';
        GRANT SELECT, INSERT, CREATE ON test.* TO reader@'%';
        END
        port=0
        start() {
            options=()
            if [ "$tls" = on ]; then
                options+=(--ssl-ca="$folder/ca.pem" --ssl-cert="$folder/server.pem" --ssl-key="$folder/server.key")
            fi
            mariadbd --no-defaults --datadir="$folder/data" --socket="$folder/socket" --pid-file="$folder/pid" \
                --character-set-server=utf8mb4 --bind-address=127.0.0.1 --port="$1" --skip-name-resolve --innodb-flush-log-at-trx-commit=0 \
                --innodb-buffer-pool-size=64M --innodb-log-file-size=32M --max-connections="${connections:-120}" --local-infile=1 \
                "${options[@]}" >>server.log 2>&1 &
            server=$!
            for wait in $(seq 1 300); do
                if mariadb --no-defaults -S "$folder/socket" -u root -e 'DO 0' >/dev/null 2>&1; then return 0; fi
                if ! kill -0 "$server" 2>/dev/null; then return 1; fi
                sleep 0.1
            done
            return 1
        }
        for try in 1 2 3 4 5 6 7 8; do
            port=$((20000 + ($$ * 11 + try * 1013) % 30000))
            if start "$port"; then break; fi
        done
        mariadb --no-defaults -S "$folder/socket" -u root <init.sql >init.log 2>&1
        echo "$port $server $tls"
        while read -r _; do
            wait "$server" || true
            start "$port"
            echo "$port $server $tls"
        done
        # A test may have killed it, or stopped it.
        kill -CONT "$server" || true
        kill -KILL "$server" || true
        wait "$server" || true
        cd /
        rm -rf "$folder"
        """#

    let folder: String
    let port: Int
    let hasTLS: Bool
    private let process: Process
    private let input: Pipe
    private let output: Pipe
    private let latestProcessID: Mutex<Int64>
    private let databaseCount = Atomic<Int>(0)

    private static let programs = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/usr/libexec"]

    /// False on a machine without the server's programs; in CI that is a failure, and no reason to skip.
    static let isAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil
        || programs.contains { FileManager.default.isExecutableFile(atPath: $0 + "/mariadbd") }

    /// The server of this process.
    static let shared: Result<PrivateMariaDB, any Error> = Result { try PrivateMariaDB() }

    struct CannotStart: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - maximumConnections: The server's `max_connections`.
    ///   - tls: False for a server that encrypts nothing.
    init(maximumConnections: Int = 120, tls: Bool = true) throws {
        // Short, because the path of a socket has at most 107 bytes.
        let folder =
            "/tmp/pool-mariadb-\(ProcessInfo.processInfo.processIdentifier)-\(UInt16.random(in: 0...UInt16.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let process = Process()
        // The server refuses to run as root.
        if getuid() == 0 {
            try FileManager.default.setAttributes([.ownerAccountName: "mysql"], ofItemAtPath: folder)
            process.executableURL = URL(filePath: "/usr/sbin/runuser")
            process.arguments = ["-u", "mysql", "--", "/bin/bash", "-c", Self.script]
        } else {
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", Self.script]
        }
        var environment = ProcessInfo.processInfo.environment
        environment["folder"] = folder
        environment["certificates"] = "\(tls)"
        environment["connections"] = "\(maximumConnections)"
        environment["PATH"] = (environment["PATH"] ?? "/usr/bin:/bin") + ":" + Self.programs.joined(separator: ":")
        process.environment = environment
        (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        // The shell remarks that the server was killed.
        process.standardError = FileHandle.nullDevice
        try process.run()
        let words = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).split(separator: " ")
        guard words.count == 3, let port = Int(words[0]), let processID = Int64(words[1]) else {
            let log = (try? String(contentsOfFile: folder + "/server.log", encoding: .utf8)) ?? ""
            throw CannotStart(description: "the server in \(folder) does not start: \(log.suffix(2_000))")
        }
        (self.folder, self.port) = (folder, port)
        latestProcessID = Mutex(processID)
        hasTLS = words[2].hasPrefix("on")
        self.process = process
    }

    var processID: Int64 { latestProcessID.withLock { $0 } }
    var socket: String { folder + "/socket" }

    /// Starts the server again after it has ended, on the same data.
    func startAgain() throws {
        try input.fileHandleForWriting.write(contentsOf: Data("start\n".utf8))
        let words = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).split(separator: " ")
        guard words.count == 3, let processID = Int64(words[1]) else {
            throw CannotStart(description: "the server in \(folder) does not start again")
        }
        latestProcessID.withLock { $0 = processID }
    }

    /// Creates an empty database and returns its name.
    func createDatabase() async throws -> String {
        let name = "test_\(databaseCount.add(1, ordering: .relaxed).newValue)"
        try await Self.administrator.get().execute("CREATE DATABASE \(identifier: name)")
        return name
    }

    /// A pool for no database, which lives as long as the process.
    static let administrator: Result<MySQLPool, any Error> = Result {
        try MySQLPool(
            database: MySQLTestSettings().configuration(shared.get()),
            configuration: PoolConfiguration(name: "administrator", maximumConnections: 2))
    }

    /// What the `mariadb` program prints for a statement, without column names; columns are separated by tabs.
    func printed(_ sql: String, database: String = "test") throws -> [[String]] {
        let client = Process()
        client.executableURL = URL(filePath: "/usr/bin/mariadb")
        client.arguments = [
            "--no-defaults", "-S", socket, "-u", "root", "--batch", "--skip-column-names", "--raw",
            "--default-character-set=utf8mb4", "--init-command=SET time_zone = '+00:00'", "-e", sql, database,
        ]
        let output = Pipe()
        client.standardOutput = output
        try client.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        client.waitUntilExit()
        guard client.terminationStatus == 0 else { throw CannotStart(description: "mariadb failed: \(sql)") }
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }
}

/// What a test may want otherwise.
struct MySQLTestSettings {
    var location: MySQLConfiguration.Location?
    var user = "root"
    var password = ""
    var database: String? = "test"
    var tls = MySQLConfiguration.TLS(mode: .disabled)
    var connectTimeout = Duration.seconds(10)
    var readTimeout: Duration?
    var cancelTimeout = Duration.seconds(20)
    var initCommands: [String] = []
    var attributes: [String: String] = [:]
    var usesCompression = false
    var allowsLocalInfile = false
    var timeZone = MySQLConfiguration.TimeZone.utc
    var statementCacheCapacity = 100
    var statementProtocol = MySQLConfiguration.StatementProtocol.prepared
    var usesBulkExecution = true
    var execution = MySQLConfiguration.Execution.connectionThread
    var resetPolicy = MySQLConfiguration.ResetPolicy.smart

    func configuration(_ server: PrivateMariaDB) throws -> MySQLConfiguration {
        try MySQLConfiguration(
            location ?? .socket(path: server.socket), user: user, password: password, database: database, tls: tls,
            connectTimeout: connectTimeout, readTimeout: readTimeout, cancelTimeout: cancelTimeout,
            initCommands: initCommands, attributes: attributes, usesCompression: usesCompression,
            allowsLocalInfile: allowsLocalInfile, timeZone: timeZone, statementCacheCapacity: statementCacheCapacity,
            statementProtocol: statementProtocol, usesBulkExecution: usesBulkExecution, execution: execution,
            resetPolicy: resetPolicy)
    }
}

/// A connection without a pool.
@discardableResult
func withConnection<Result>(
    _ change: (inout MySQLTestSettings) -> Void = { _ in },
    _ body: (MySQLDriver, MySQLConnection) async throws -> Result
) async throws -> Result {
    let server = try PrivateMariaDB.shared.get()
    var settings = MySQLTestSettings()
    change(&settings)
    let driver = MySQLDriver(configuration: try settings.configuration(server))
    let connection = try await connect(driver)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(driver, connection)) } catch { result = .failure(error) }
    await driver.close(connection, mode: .orderly)
    return try result.get()
}

func connect(_ driver: MySQLDriver) async throws -> MySQLConnection {
    let lane = try driver.lanes(maximumConnections: 1)[0]
    return try await driver.connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
}

/// A pool of the shared server.
@discardableResult
func withPool<Result>(
    _ maximumConnections: Int = 4, _ change: (inout MySQLTestSettings) -> Void = { _ in },
    _ body: (MySQLPool) async throws -> Result
) async throws -> Result {
    let server = try PrivateMariaDB.shared.get()
    var settings = MySQLTestSettings()
    change(&settings)
    let pool = try MySQLPool(
        database: settings.configuration(server),
        configuration: PoolConfiguration(name: "test", maximumConnections: maximumConnections))
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(pool)) } catch { result = .failure(error) }
    await pool.close(drain: .seconds(5))
    return try result.get()
}

extension MySQLConnection {
    func values(_ sql: SQL) async throws -> [SQLValue] {
        try await query(sql).flatMap { Array($0.values) }
    }
}
