import Foundation
import Testing

/// The process that runs a campaign.
struct Worker {
    private let process = Process()
    private let output = Pipe()

    init(_ arguments: [String]) throws {
        process.executableURL = try Self.executable()
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
    }

    /// Beside the test bundle, where the package manager builds both.
    private static func executable() throws -> URL {
        var folder = Bundle.main.bundleURL
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") {
            folder = bundle.bundleURL.deletingLastPathComponent()
        }
        let executable = folder.appendingPathComponent("CampaignWorker")
        try #require(FileManager.default.isExecutableFile(atPath: executable.path), "no \(executable.path)")
        return executable
    }

    /// Waits for the end and returns the lines that it printed as names and numbers.
    func results() throws -> [String: Int] {
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "the worker failed: \(text)")
        var results: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2 { results[String(words[0])] = Int(words[1]) }
        }
        return results
    }

    /// Reads lines until there are `count`, kills the process with SIGKILL in the middle of its work, and returns the
    /// last whole line that it had printed by then.
    func killed(afterLines count: Int) throws -> Int {
        var text = Data()
        let newline = UInt8(ascii: "\n")
        while text.count(where: { $0 == newline }) < count {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the worker ended by itself")
            text += more
        }
        kill(process.processIdentifier, SIGKILL)
        text += try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationReason == .uncaughtSignal)
        let whole = text.prefix(through: text.lastIndex(of: newline) ?? text.startIndex)
        let lines = String(decoding: whole, as: UTF8.self).split(separator: "\n")
        return try #require(lines.last.flatMap { Int($0) })
    }
}

/// A folder that is removed when the test is over.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("pool-campaign-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    var database: String { url.appendingPathComponent("campaign.db").path }

    deinit {
        // What is left over is the system's to clean.
        try? FileManager.default.removeItem(at: url)
    }
}
