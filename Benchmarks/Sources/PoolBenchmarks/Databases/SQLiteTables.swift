import Measuring
import PoolSQLite

/// The tables of the benchmark, in a file of their own.
struct SQLiteTables {
    let path: String

    func create() async throws {
        let pool = try SQLitePool(path: path)
        try await pool.withTransaction { transaction in
            try await transaction.executeScript(
                """
                CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                CREATE TABLE record (id INTEGER NOT NULL, total INTEGER NOT NULL, name TEXT NOT NULL, ratio REAL NOT NULL);
                """)
            try await transaction.executeBatch(
                "INSERT INTO item VALUES (\(.parameter), \(.parameter))",
                (1...Work.keys).map { ($0, "item number \($0)") })
            try await transaction.executeBatch(
                "INSERT INTO record VALUES (\(.parameter), \(.parameter), \(.parameter), \(.parameter))",
                (0..<1000).map { number in
                    let name = number.isMultiple(of: 2) ? "record \(number)" : "the record with number \(number)"
                    return (number, number * 4_000_000_007, name, Double(number) / 7)
                })
        }
        try await pool.close()
    }
}
