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
            // With each number of tasks it would be too long to be looked at.
            let shown = comparisons.filter { !$0.title.hasSuffix(" 1 task") && !$0.title.hasSuffix(" 64 tasks") }
            try Data(Chart(shown).svg.utf8).write(to: folder.appending(path: "Benchmarks.svg"))
        }
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
