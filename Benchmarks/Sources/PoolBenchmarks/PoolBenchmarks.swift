import Foundation
import Measuring

/// Measures this package and programs in C that do the same, in turns, and prints ratios.
@main
struct PoolBenchmarks {
    static func main() async {
        do {
            try await run()
        } catch let error as UsageError {
            FileHandle.standardError.write(Data("PoolBenchmarks: \(error)\n\n\(Options.usage)\n".utf8))
            exit(2)
        } catch {
            FileHandle.standardError.write(Data("PoolBenchmarks: \(error)\n".utf8))
            exit(1)
        }
    }

    /// That of the benchmarks' package.
    static var folder: URL {
        var folder = URL(filePath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder
    }

    /// Prints it at once, also where the output goes to a file.
    static func say(_ text: String) {
        print(text)
        fflush(nil)
    }

    /// Leaves the main actor, which would cost each call a hop.
    @concurrent
    private static func run() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        if arguments.contains(where: { $0 == "--help" || $0 == "-h" }) { return print(Options.usage) }
        let isNamed = arguments.first.map { !$0.hasPrefix("-") } ?? false
        let name = isNamed ? arguments.removeFirst() : "all"
        if name == Program.command { try await Program.Request.answer(arguments.first ?? "") }
        let options = try Options(arguments, isCheck: name == "check")
        if let path = options.from { return try Report(path: path).write(options) }
        let subjects = try subjects(name, options)
        var (comparisons, servers) = ([Comparison](), [String]())
        if name == "check" {
            comparisons = try await Check(options: options).run(subjects)
        } else {
            for subject in subjects {
                let plans = try subject.plans(options)
                if plans.isEmpty { continue }
                try await subject.prepared { environment, server in
                    if let server { servers.append(server) }
                    for plan in plans {
                        comparisons.append(try plan.measure(rounds: options.rounds, environment))
                        say(comparisons[comparisons.count - 1].markdown)
                    }
                }
            }
        }
        try Report(comparisons, servers: servers).write(options)
    }

    private static func subjects(_ name: String, _ options: Options) throws -> [any Subject] {
        let databases = ["sqlite": Database.sqlite, "postgres": .postgres, "mysql": .mysql]
        if let database = databases[name] { return [DatabaseSubject(database: database, url: options.url)] }
        if options.url != nil { throw UsageError("--url needs the name of a database's benchmark") }
        switch name {
        case "pool": return [PoolSubject()]
        case "all", "check":
            return [PoolSubject()]
                + [Database.sqlite, .postgres, .mysql].map { DatabaseSubject(database: $0) }
        default: throw UsageError("there is no benchmark '\(name)'")
        }
    }
}
