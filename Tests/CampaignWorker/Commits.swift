import Foundation
import PoolSQLite

/// Commits one number after the other and prints each once its commit was acknowledged, until it is killed.
func commitForever(path: String) async throws {
    let pool = try SQLitePool(
        database: SQLiteConfiguration(.path(path), synchronous: .full),
        configuration: PoolConfiguration(maximumConnections: 4))
    try await pool.execute("CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, half INTEGER NOT NULL)")
    let standardOutput = FileHandle.standardOutput
    for number in 1... {
        try await pool.withTransaction { transaction in
            // Two rows: a commit that is torn would leave one.
            try await transaction.execute("INSERT INTO entry VALUES (\(2 * number), 0)")
            try await transaction.execute("INSERT INTO entry VALUES (\(2 * number + 1), 1)")
        }
        try standardOutput.write(contentsOf: Data("\(number)\n".utf8))
    }
}
