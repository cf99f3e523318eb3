import Foundation
import PoolSQLite

/// Streams a table of `count` rows and prints the process's peak of resident memory.
func streamRows(path: String, count: Int) async throws {
    let pool = try SQLitePool(path: path)
    try await pool.withConnection { connection in
        try await connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        try await connection.execute(
            """
            WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < \(count))
            INSERT INTO item SELECT n, 'the name of item number ' || n FROM number
            """)
    }
    let (rows, sum) = try await pool.withConnection(.readOnly) { connection in
        try await connection.stream("SELECT id, name FROM item") { rows in
            var (count, sum) = (0, 0)
            while let row = try await rows.next() {
                let (id, name) = try row.decode((Int, String).self)
                count += name.isEmpty ? 0 : 1
                sum += id
            }
            return (count, sum)
        }
    }
    try await pool.close()
    print("rows \(rows)")
    print("sum \(sum)")
    print("peak-resident-kilobytes \(try peakResidentKilobytes())")
}

/// On Linux from /proc: what `getrusage` says there includes the process that started this one.
private func peakResidentKilobytes() throws -> Int {
    #if os(Linux)
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    guard let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
        throw UsageError(description: "/proc/self/status has no VmHWM")
    }
    return kilobytes
    #else
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    return Int(usage.ru_maxrss) / 1024
    #endif
}
