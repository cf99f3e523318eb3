import Foundation
import PoolCore
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
    print("peak-resident-kilobytes \(peakResidentKilobytes())")
}

/// `getrusage` counts kilobytes on Linux and bytes on macOS.
private func peakResidentKilobytes() -> Int {
    var usage = rusage()
    #if os(Linux)
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss)
    #else
        getrusage(RUSAGE_SELF, &usage)
        return Int(usage.ru_maxrss) / 1024
    #endif
}
