import ArgumentParser
import PoolMySQL
import Quickstart

@main
struct QuickstartMySQL: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Scripts/quickstart",
        abstract: "Imports the time-zone tables into MariaDB or MySQL, puts a pool under load, and reports.",
        usage: "Scripts/quickstart --url mysql://... [options]",
        discussion: QuickstartOptions.discussion + """


            The tables are in a database of their own, pool_quickstart, which is dropped at the end,
            unless the run ends with an error.
            """
    )

    @OptionGroup var options: QuickstartOptions

    @Option(help: ArgumentHelp("The server.", valueName: "url"))
    var url: String

    func run() async throws {
        // This pool makes the database, and gives up soon if the server cannot be reached.
        let owner = try MySQLPool(
            url: url, configuration: .init(name: "owner", maximumConnections: 1, acquireTimeout: .seconds(5)))
        try await owner.execute("CREATE DATABASE IF NOT EXISTS pool_quickstart CHARACTER SET utf8mb4")
        let database = try MySQLConfiguration(url: url, database: "pool_quickstart")
        let dialect = QuickstartDialect(
            tableNames: "SELECT table_name FROM information_schema.tables WHERE table_schema = 'pool_quickstart'",
            keyType: "VARCHAR(64)",
            keepingExisting: "ON DUPLICATE KEY UPDATE name = name",
            lockingClause: "FOR UPDATE"
        )
        let session = Session(options, dialect: dialect) { try MySQLPool(database: database, configuration: $0) }
        let isRight = try await session.run()
        try await owner.execute("DROP DATABASE pool_quickstart")
        try await owner.close(drain: .seconds(1))
        if !isRight { throw ExitCode.failure }
    }
}
