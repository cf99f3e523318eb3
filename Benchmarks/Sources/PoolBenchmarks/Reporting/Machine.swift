import CBaseline
import CMySQLBaseline
import CPostgresBaseline
import Foundation

/// What the figures were made with.
struct Machine: Codable {
    let processor: String
    let processors: Int
    let system: String
    let kernel: String
    /// Of the compiler and the libraries.
    let versions: [String]

    init() {
        processor = Self.processorName
        processors = ProcessInfo.processInfo.activeProcessorCount
        system = ProcessInfo.processInfo.operatingSystemVersionString
        var names = utsname()
        uname(&names)
        kernel = withUnsafeBytes(of: &names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let libpq = Int(postgres_library_version())
        versions = [
            Self.compiler, "libpq \(libpq / 10_000).\(libpq % 10_000)",
            "libmariadb \(String(cString: mysql_library_version()))",
            "SQLite \(String(cString: sqlite_library_version()))", "GRDB 7.10.0",
        ]
    }

    private static var processorName: String {
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
