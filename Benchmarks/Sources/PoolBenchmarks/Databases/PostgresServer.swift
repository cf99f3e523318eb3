import Foundation
import Measuring
import PoolPostgres

/// A server for the benchmark alone: unprivileged, in a temporary folder, on 127.0.0.1. It ends when this value goes,
/// or when the process does, whatever happens to it: the server's script waits for the end of a pipe.
final class PostgresServer {
    private static let script = #"""
        set -e
        # An interrupt from the keyboard comes here too: the end of the pipe follows it.
        trap '' INT
        cd "$folder"
        umask 077
        printf '%s' "$password" >password
        initdb -D data -U postgres -A scram-sha-256 --pwfile=password -E UTF8 --locale=C --no-sync >initdb.log 2>&1
        ready=false
        for try in 1 2 3 4 5 6 7 8; do
            port=$((20000 + ($$ * 7 + try * 1009) % 30000))
            postgres -D data -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=100 \
                -c shared_buffers=256MB -c fsync=off -c full_page_writes=off -c autovacuum=off >server.log 2>&1 &
            server=$!
            for wait in $(seq 1 300); do
                if pg_isready -q -h 127.0.0.1 -p "$port"; then ready=true; break; fi
                if ! kill -0 "$server" 2>/dev/null; then break; fi
                sleep 0.1
            done
            if $ready && kill -0 "$server"; then break; fi
            ready=false
        done
        $ready
        echo "$port"
        read -r _ || true
        kill -QUIT "$server" || true
        wait "$server" || true
        cd /
        rm -rf "$folder"
        """#

    let connection: String
    private let process: Process
    private let input: Pipe

    init() throws {
        let programs = try Self.programs()
        // Short, because the path of a socket has at most 107 bytes.
        let folder = "/tmp/pool-benchmark-\(ProcessInfo.processInfo.processIdentifier)-\(UInt16.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        process = Process()
        // The server refuses to run as root.
        if getuid() == 0 {
            try FileManager.default.setAttributes([.ownerAccountName: "postgres"], ofItemAtPath: folder)
            process.executableURL = URL(filePath: "/usr/sbin/runuser")
            process.arguments = ["-u", "postgres", "--", "/bin/bash", "-c", Self.script]
        } else {
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", Self.script]
        }
        let password = UUID().uuidString
        process.environment = [
            "folder": folder, "password": password, "PATH": "\(programs):/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        ]
        let output = Pipe()
        input = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let answer = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(answer.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            let logs = ["initdb.log", "server.log"].compactMap {
                try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
            }
            throw BenchmarkError("the server in \(folder) does not start: \(logs.joined())")
        }
        connection = "host=127.0.0.1 port=\(port) dbname=postgres user=postgres password=\(password) sslmode=disable"
    }

    /// Returns when the server has ended.
    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    deinit { stop() }

    /// The folder of the server's programs.
    private static func programs() throws -> String {
        let fixed = ["/opt/homebrew/opt/postgresql@17/bin", "/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"]
        let debian = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders = debian.sorted().reversed().map { "/usr/lib/postgresql/\($0)/bin" } + fixed
        guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }) else {
            throw BenchmarkError("PostgreSQL's server is not installed: install postgresql, or give --url")
        }
        return folder
    }
}

/// The tables of the benchmark, in a schema of its own.
struct PostgresTables {
    let connection: String

    /// With that schema as the first in which a session looks for tables.
    var address: String {
        let option = "options=-csearch_path%3Dpool_benchmark"
        guard connection.contains("://") else { return connection + " options='-csearch_path=pool_benchmark'" }
        return connection + (connection.contains("?") ? "&" : "?") + option
    }

    /// Returns the server's version.
    func create() async throws -> String {
        try await withPool { pool in
            try await pool.withConnection { connection in
                try await connection.executeScript(
                    """
                    SET client_min_messages = warning;
                    DROP SCHEMA IF EXISTS pool_benchmark CASCADE;
                    CREATE SCHEMA pool_benchmark;
                    CREATE TABLE pool_benchmark.item (id bigint PRIMARY KEY, name text NOT NULL);
                    INSERT INTO pool_benchmark.item
                        SELECT i, 'item number ' || i FROM generate_series(1, \(Work.keys)) i;
                    CREATE TABLE pool_benchmark.record
                        (id int4 NOT NULL, total int8 NOT NULL, name text NOT NULL, ratio float8 NOT NULL);
                    INSERT INTO pool_benchmark.record
                        SELECT i, i * 4000000007::int8,
                            CASE i % 2 WHEN 0 THEN 'record ' || i ELSE 'the record with number ' || i END, i / 7.0
                        FROM generate_series(0, 999) i;
                    """)
                for table in ["item", "record"] {
                    try await connection.execute("VACUUM ANALYZE pool_benchmark.\(identifier: table)")
                }
                return try await connection.query("SHOW server_version")[0].decode(String.self)
            }
        }
    }

    func drop() async throws {
        try await withPool { pool in _ = try await pool.execute("DROP SCHEMA IF EXISTS pool_benchmark CASCADE") }
    }

    private func withPool<Value>(_ body: (PostgresPool) async throws -> Value) async throws -> Value {
        let pool = try PostgresPool(
            database: PostgresConfiguration(connection),
            configuration: PoolConfiguration(name: "tables", maximumConnections: 1, acquireTimeout: .seconds(5)))
        return try await pool.closed(after: body)
    }
}
