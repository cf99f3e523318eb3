import Foundation

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

    /// Leaves the main actor, which would cost each call a hop.
    @concurrent
    private static func run() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        if arguments.contains(where: { $0 == "--help" || $0 == "-h" }) { return print(Options.usage) }
        let isNamed = arguments.first.map { !$0.hasPrefix("-") } ?? false
        let name = isNamed ? arguments.removeFirst() : "all"
        if name == ContenderProcess.command { return try await ContenderProcess.answer(arguments.first ?? "") }
        guard ["all", "pool", "sqlite", "postgres", "mysql"].contains(name) else {
            throw UsageError("there is no benchmark '\(name)'")
        }
        let options = try Options(arguments)
        if name == "all", options.url != nil { throw UsageError("--url needs the name of a benchmark") }
        let limits = try options.limits.map(Limits.init(path:))
        var comparisons: [Comparison] = []
        if name == "pool" || name == "all" { comparisons += try PoolBenchmark(options: options).run() }
        if name == "sqlite" || name == "all" { comparisons += try await SQLiteBenchmark(options: options).run() }
        if name == "postgres" || name == "all" { comparisons += try await PostgresBenchmark(options: options).run() }
        if name == "mysql" || name == "all" { comparisons += try await MySQLBenchmark(options: options).run() }
        try Report(comparisons).write(options)
        try limits?.check(comparisons)
    }
}
