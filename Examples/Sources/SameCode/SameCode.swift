import ArgumentParser
import PoolMySQL
import PoolPostgres
import PoolSQLite

/// One program for three databases: everything but this file and `Dialect` is written once.
@main
struct SameCode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "SameCode",
        abstract: "Keeps the books of a little bank in each database that is named, and prints the same for each.",
        discussion: """
            A database is postgres://user@host/database, mysql://user@host/database, mariadb://user@host/database, or \
            sqlite:path. The tables pool_account and pool_entry are made anew, and dropped at the end.
            """
    )

    @Argument(help: ArgumentHelp("The databases.", valueName: "url"))
    var urls: [String]

    func run() async throws {
        for url in urls { try await keepBooks(in: url) }
    }

    /// Concurrent, because `main` runs on the main actor: there, each call would hop to it and back.
    @concurrent
    private func keepBooks(in url: String) async throws {
        let settings = try PoolConfiguration(name: "bank", maximumConnections: 4)
        switch url.prefix(while: { $0 != ":" }) {
        case "postgres", "postgresql":
            try await keepBooks(in: PostgresPool(url: url, configuration: settings), .postgres)
        case "mysql", "mariadb":
            try await keepBooks(in: MySQLPool(url: url, configuration: settings), .mySQL)
        case "sqlite":
            let path = String(url.dropFirst("sqlite:".count))
            try await keepBooks(in: SQLitePool(path: path, configuration: settings), .sqlite)
        default:
            throw ValidationError("\"\(url)\" begins with none of postgres://, mysql://, mariadb:// and sqlite:.")
        }
    }

    private func keepBooks(in pool: Pool<some SQLDriver>, _ dialect: Dialect) async throws {
        do {
            try await Bank(pool: pool, dialect: dialect).day()
            try await pool.close(drain: .seconds(5))
        } catch {
            try await pool.close(drain: .zero)
            throw error
        }
    }
}
