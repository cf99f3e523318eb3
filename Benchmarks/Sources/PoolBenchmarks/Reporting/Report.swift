import CBaseline
import CMySQLBaseline
import CPostgresBaseline
import Foundation

/// All comparisons of a run, and what they were made with.
struct Report: Codable {
    let date: Date
    let command: String
    let machine: String
    let versions: [String]
    let comparisons: [Comparison]

    init(_ comparisons: [Comparison]) {
        self.comparisons = comparisons
        date = Date()
        command = (["PoolBenchmarks"] + Self.publicArguments).joined(separator: " ")
        machine = "\(Self.processor), \(ProcessInfo.processInfo.processorCount) processors"
        let libpq = Int(postgres_library_version())
        versions = [
            ProcessInfo.processInfo.operatingSystemVersionString, Self.compiler,
            "libpq \(libpq / 10_000).\(libpq % 10_000)", "libmariadb \(String(cString: mysql_library_version()))",
            "SQLite \(String(cString: sqlite_library_version()))",
        ]
    }

    /// Writes the files that `options` ask for.
    func write(_ options: Options) throws {
        if let path = options.markdown { try Data(markdown.utf8).write(to: URL(filePath: path)) }
        if let path = options.svg { try Data(Chart(comparisons).svg.utf8).write(to: URL(filePath: path)) }
        if let path = options.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            encoder.dateEncodingStrategy = .iso8601
            try encoder.encode(self).write(to: URL(filePath: path))
        }
    }

    private var markdown: String {
        """
        # Benchmarks

        \(date.formatted(.iso8601.year().month().day())), \(machine); \(versions.joined(separator: "; ")).
        `\(command)`

        All contenders of a table ran in turns, each in a process of its own. The times are medians of all rounds. A ratio is that to
        the first contender in the same round: the median of all rounds, and the least and the greatest. The CPU time is user plus
        system time of the contender's process, without the server's.

        \(comparisons.map(\.markdown).joined(separator: "\n"))
        """
    }

    /// Without a URL, which may hold a password, and without the folders of a machine.
    private static var publicArguments: [String] {
        var arguments: [String] = []
        for argument in CommandLine.arguments.dropFirst() {
            switch arguments.last {
            case "--url": arguments.append("URL")
            case "--json", "--markdown", "--svg": arguments.append(URL(filePath: argument).lastPathComponent)
            default: arguments.append(argument)
            }
        }
        return arguments
    }

    private static var processor: String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "an unknown processor"
    }

    /// The first line that the compiler says of itself, if there is one to ask.
    private static var compiler: String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["swift", "--version"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "an unknown Swift" }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").first.map(String.init) ?? "an unknown Swift"
    }
}
