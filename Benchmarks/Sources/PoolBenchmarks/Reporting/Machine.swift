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
        versions =
            [
                Peer.output(["swift", "--version"]) ?? "an unknown Swift", "libpq \(libpq / 10_000).\(libpq % 10_000)",
                "libmariadb \(String(cString: mysql_library_version()))",
                "SQLite \(String(cString: sqlite_library_version()))", "GRDB 7.10.0",
            ] + [Peer.hikari, .psycopg].compactMap(\.version)
    }

    private static var processorName: String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "an unknown processor"
    }
}
