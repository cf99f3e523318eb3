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
        let options = try Options(arguments)
        var comparisons: [Comparison] = []
        switch name {
        case "pool": try await InProcess.leases(rounds: 200_000)
        case "sqlite": try await InProcess.pointReads(rounds: 20_000)
        case "postgres": comparisons = try await PostgresBenchmark(options: options).run()
        case "all":
            try await InProcess.leases(rounds: 200_000)
            try await InProcess.pointReads(rounds: 20_000)
        default: throw UsageError("there is no benchmark '\(name)'")
        }
        if let json = options.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(comparisons).write(to: URL(filePath: json))
        }
    }
}
