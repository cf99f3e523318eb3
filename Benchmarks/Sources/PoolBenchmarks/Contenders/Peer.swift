import Foundation
import Measuring

/// A pool of another language, measured by a program of the folder `Peers`, where it is installed.
enum Peer: String, Codable {
    case hikari = "HikariCP"
    case psycopg = "psycopg_pool"

    /// Where Debian puts libraries of Java.
    private static let jars = ["HikariCP", "postgresql", "slf4j-api", "slf4j-nop"].map { "/usr/share/java/\($0).jar" }

    /// The program and its arguments, the work's own not among them.
    var command: [String] {
        let folder = PoolBenchmarks.folder.appending(path: "Peers")
        return switch self {
        case .hikari:
            ["java", "-cp", Self.jars.joined(separator: ":"), folder.appending(path: "HikariPeer.java").path]
        case .psycopg: ["python3", folder.appending(path: "psycopg_peer.py").path]
        }
    }

    /// Java's compiler needs some time until it has made the code that is measured.
    var warmUp: Double { self == .hikari ? 3 : 0.5 }

    /// Nil, or what must be installed.
    var lack: String? {
        switch self {
        case .hikari:
            Self.jars.allSatisfy(FileManager.default.fileExists) && Self.succeeds(["java", "-version"])
                ? nil : "Debian's libhikaricp-java, libpostgresql-jdbc-java and a Java are not installed"
        case .psycopg:
            Self.succeeds(["python3", "-c", "import psycopg, psycopg_pool"])
                ? nil : "PyPI's psycopg[binary,pool] is not installed"
        }
    }

    /// Of those that are installed, for the report.
    var version: String? {
        if lack != nil { return nil }
        switch self {
        case .hikari:
            let files = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/share/java")) ?? []
            let names = ["HikariCP-", "postgresql-4"].compactMap { name in files.first { $0.hasPrefix(name) } }
            return names.map { $0.replacing(".jar", with: "") }.joined(separator: ", ")
        case .psycopg:
            let program = "import psycopg, psycopg_pool; print('psycopg', psycopg.__version__, psycopg.pq.__impl__)"
            return Self.output(["python3", "-c", program])
        }
    }

    private static func succeeds(_ command: [String]) -> Bool { output(command) != nil }

    /// The first line, or nil if the program is not there or fails.
    static func output(_ command: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? text.split(separator: "\n").first.map(String.init) ?? "" : nil
    }
}
