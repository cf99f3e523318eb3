import ArgumentParser

@main
struct Quickstart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Quickstart",
        abstract: "Imports the time-zone tables into SQLite, puts a pool under load, and reports.",
        discussion: """
            Several writers import the IANA tables of this machine at once. Then many tasks read and write through one \
            small pool, and the report says how fast that went, and whether every number adds up. Ctrl-C ends the load \
            early, and the report still comes; a second Ctrl-C stops at once. The exit status is 0 if all checks hold.
            """
    )

    @Option(help: ArgumentHelp("How long the load lasts.", valueName: "seconds"))
    var duration = 5.0

    @Option(help: "How many tasks use the pool at once.")
    var tasks = 64

    @Option(help: "How many connections the pool may open.")
    var poolSize = 8

    @Option(help: "How many tasks import the tables at once.")
    var writers = 4

    @Option(
        help: ArgumentHelp(
            "The database's file, kept at the end, and used again if it is there. (default: a temporary file)",
            valueName: "path"
        )
    )
    var database: String?

    @Option(help: ArgumentHelp("The folder of the time-zone tables. (default: the system's)", valueName: "path"))
    var zoneinfo: String?

    func validate() throws {
        guard duration > 0, duration <= 86_400 else {
            throw ValidationError("--duration is \(duration), and must be more than 0 and at most 86400 seconds.")
        }
        try check(tasks, "--tasks", 1...10_000)
        try check(poolSize, "--pool-size", 1...256)
        try check(writers, "--writers", 1...256)
    }

    private func check(_ value: Int, _ option: String, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError(
                "\(option) is \(value), and must be at least \(range.lowerBound) and at most \(range.upperBound)."
            )
        }
    }

    func run() async throws {
        let settings = Settings(
            duration: .seconds(duration), tasks: tasks, poolSize: poolSize, writers: writers, database: database,
            zoneInfo: zoneinfo
        )
        let report = try await Session(settings: settings).run()
        print(report.text)
        guard report.checks.allSatisfy(\.holds) else { throw ExitCode.failure }
    }
}
