import ArgumentParser
import Foundation
import PoolSQLite
import Quickstart

@main
struct QuickstartSQLite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Scripts/quickstart",
        abstract: "Imports the time-zone tables into SQLite, puts a pool under load, and reports.",
        usage: "Scripts/quickstart [options]\n       Scripts/quickstart --url postgres://... [options]",
        discussion: QuickstartOptions.discussion
    )

    @OptionGroup var options: QuickstartOptions

    @Option(
        help: ArgumentHelp(
            "The database's file, kept at the end, and used again if it is there. (default: a temporary file)",
            valueName: "path"
        )
    )
    var database: String?

    func run() async throws {
        let location = try DatabaseLocation(database)
        defer { location.removeIfTemporary() }
        let dialect = QuickstartDialect(
            tableNames: "SELECT name FROM sqlite_schema WHERE type = 'table'", keyedTable: " WITHOUT ROWID"
        )
        let session = Session(options, dialect: dialect) { [path = location.path] in
            try SQLitePool(path: path, configuration: $0)
        }
        guard try await session.run() else { throw ExitCode.failure }
    }
}

/// The database's file, and the folder to remove afterwards if nobody asked to keep it.
private struct DatabaseLocation {
    let path: String
    private let temporaryFolder: URL?

    init(_ chosen: String?) throws {
        if let chosen {
            path = chosen
            temporaryFolder = nil
            return
        }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("pool-quickstart-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appendingPathComponent("timezones.db").path
        temporaryFolder = folder
    }

    func removeIfTemporary() {
        guard let temporaryFolder else { return }
        do {
            try FileManager.default.removeItem(at: temporaryFolder)
        } catch {
            FileHandle.standardError.write(Data("cannot remove \(temporaryFolder.path): \(error)\n".utf8))
        }
    }
}
