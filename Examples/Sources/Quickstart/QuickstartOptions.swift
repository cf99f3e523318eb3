public import ArgumentParser
import Foundation

/// The options of the example for every database. `Scripts/quickstart` lists them in its help.
public struct QuickstartOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("How long the load lasts.", valueName: "seconds"))
    public var duration = 5.0

    @Option(help: "How many tasks use the pool at the same time.")
    public var tasks = 64

    @Option(help: "How many connections the pool may open.")
    public var poolSize = 8

    @Option(help: "How many tasks import the tables at the same time.")
    public var writers = 4

    @Option(help: ArgumentHelp("The folder of the time-zone tables. (default: the system's)", valueName: "path"))
    public var zoneinfo: String?

    public init() {}

    public func validate() throws {
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

    var zoneInfoFolder: URL {
        let standard = TimeZoneData.standardFolders
        let found = standard.first { FileManager.default.fileExists(atPath: $0 + "/iso3166.tab") }
        return URL(fileURLWithPath: zoneinfo ?? found ?? standard[0], isDirectory: true)
    }

    /// For the help of each program.
    public static let discussion = """
        Several writers import the IANA tables of this machine at the same time. Then many tasks read and write \
        through one small pool, and the report says how fast that went, and whether every number adds up. Ctrl-C \
        ends the load early, and the report still comes; a second Ctrl-C stops immediately. The exit status is 0 if \
        all checks hold.
        """
}
