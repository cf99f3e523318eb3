import ArgumentParser
import PoolPostgres
import Quickstart

@main
struct QuickstartPostgres: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Scripts/quickstart",
        abstract: "Imports the time-zone tables into PostgreSQL, puts a pool under load, and reports.",
        usage: "Scripts/quickstart --url postgres://... [options]",
        discussion: QuickstartOptions.discussion + """


            The tables are in a schema of their own, pool_quickstart, which is dropped at the end,
            unless the run ends with an error.
            """
    )

    @OptionGroup var options: QuickstartOptions

    @Option(help: ArgumentHelp("The server and the database.", valueName: "url"))
    var url: String

    func run() async throws {
        // This pool makes the schema, and gives up soon if the server cannot be reached.
        let owner = try PostgresPool(
            url: url, configuration: .init(name: "owner", maximumConnections: 1, acquireTimeout: .seconds(5)))
        try await owner.execute("CREATE SCHEMA IF NOT EXISTS pool_quickstart")
        let database = try PostgresConfiguration(url, settings: ["options": "-c search_path=pool_quickstart"])
        let dialect = QuickstartDialect(
            tableNames: "SELECT tablename::text FROM pg_tables WHERE schemaname = 'pool_quickstart'",
            lockingClause: "FOR UPDATE"
        )
        let session = Session(options, dialect: dialect) { try PostgresPool(database: database, configuration: $0) }
        let isRight = try await session.run()
        try await owner.execute("DROP SCHEMA pool_quickstart CASCADE")
        try await owner.close(drain: .seconds(1))
        if !isRight { throw ExitCode.failure }
    }
}
