import Foundation
import Measuring

/// All comparisons of a run, and what they were made with.
struct Report: Codable {
    let date: Date
    let command: String
    let machine: Machine
    let servers: [String]
    let comparisons: [Comparison]

    init(_ comparisons: [Comparison], servers: [String]) {
        self.comparisons = comparisons
        self.servers = servers
        date = Date()
        command = (["PoolBenchmarks"] + Self.publicArguments).joined(separator: " ")
        machine = Machine()
    }

    /// What an earlier run has written as JSON.
    init(path: String) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            self = try decoder.decode(Self.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw BenchmarkError("the measurements in \(path) cannot be read: \(error)")
        }
    }

    /// Writes the files that `options` ask for.
    func write(_ options: Options) throws {
        let chart = Chart(comparisons)
        if let path = options.markdown { try Data(markdown.utf8).write(to: URL(filePath: path)) }
        if let path = options.svg { try Data(chart.svg.utf8).write(to: URL(filePath: path)) }
        if let path = options.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            encoder.dateEncodingStrategy = .iso8601
            try encoder.encode(self).write(to: URL(filePath: path))
        }
        if let path = options.document {
            let folder = URL(filePath: path)
            try Data(page.utf8).write(to: folder.appending(path: "Benchmarks.md"))
            try Data(Chart(shown).svg.utf8).write(to: folder.appending(path: "Benchmarks.svg"))
        }
    }

    /// With each number of tasks the chart would be too long to be looked at.
    private var shown: [Comparison] {
        func work(_ title: String) -> Substring { title.prefix(upTo: title.lastIndex(of: ",") ?? title.endIndex) }
        let withEight = Set(comparisons.map(\.title).filter { $0.hasSuffix(", 8 tasks") }.map(work))
        return comparisons.filter { $0.title.hasSuffix(", 8 tasks") || !withEight.contains(work($0.title)) }
    }

    /// What was measured with, and when.
    var setting: String {
        """
        \(date.formatted(.iso8601.year().month().day())); \(machine.processor), \(machine.processors) processors; \
        \(machine.system), kernel \(machine.kernel); \((machine.versions + servers).joined(separator: "; ")). \
        Command: `\(command)`.
        """
    }

    private var markdown: String {
        """
        # Benchmarks

        \(setting)

        \(Self.howToRead)

        \(comparisons.map(\.markdown).joined(separator: "\n"))
        """
    }

    /// Without a URL, which may hold a password, and without the folders of a machine.
    private static var publicArguments: [String] {
        var arguments: [String] = []
        for argument in CommandLine.arguments.dropFirst() {
            switch arguments.last {
            case "--url": arguments.append("URL")
            case "--json", "--markdown", "--svg", "--document", "--limits", "--record":
                arguments.append(URL(filePath: argument).lastPathComponent)
            default: arguments.append(argument)
            }
        }
        return arguments
    }
}
