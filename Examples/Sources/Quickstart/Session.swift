import Foundation
import PoolCore
import PoolSQLite

/// One run from the first table to the report.
struct Session: Sendable {
    let settings: Settings

    /// Concurrent, because `main` runs on the main actor: there, each call would hop to it and back.
    @concurrent
    func run() async throws -> Report {
        let interruption = Interruption()
        let sources = interruption.listen()
        defer { sources.forEach { $0.cancel() } }

        let data = try TimeZoneData(folder: settings.zoneInfoFolder)
        let location = try DatabaseLocation(settings.database)
        defer { location.removeIfTemporary() }

        // Each task may have to wait, and none should be turned away.
        let configuration = try PoolConfiguration(
            name: "quickstart", maximumConnections: settings.poolSize, maximumWaiters: settings.tasks + settings.writers
        )
        let pool = try SQLitePool(path: location.path, configuration: configuration)
        do {
            let report = try await report(on: pool, data, interruption)
            await pool.close(drain: .seconds(10))
            return report
        } catch {
            await pool.close(drain: .zero)
            throw error
        }
    }

    private func report(
        on pool: SQLitePool, _ data: TimeZoneData, _ interruption: Interruption
    ) async throws -> Report {
        let progress = ProgressLine()
        let importer = Importer(pool: pool, data: data, writers: settings.writers, interruption: interruption)
        let imported = try await importer.run(showing: progress)

        var load: Load.Outcome?
        if !interruption.isRequested {
            let runner = Load(
                pool: pool, data: data, tasks: settings.tasks, duration: settings.duration, interruption: interruption
            )
            load = try await runner.run(showing: progress)
        }
        let statistics = pool.statistics
        let checks = try await checks(pool, imported, load)
        return Report(settings: settings, imported: imported, load: load, statistics: statistics, checks: checks)
    }

    private func checks(
        _ pool: SQLitePool, _ imported: Importer.Outcome, _ load: Load.Outcome?
    ) async throws -> [Report.Check] {
        let stored = try await pool.query("SELECT count(*) FROM transition").decode(Int.self)
        var checks = [
            Report.Check(
                title: "\(imported.transitions.grouped) transitions were written, "
                    + "\((stored.first ?? 0).grouped) are stored",
                holds: stored == [imported.transitions]
            )
        ]
        guard let load else { return checks }
        let raised = load.counterAfter - load.counterBefore
        checks += [
            Report.Check(
                title: "\(load.tally.acknowledgedWrites.grouped) commits were acknowledged, "
                    + "the counter rose by \(raised.grouped)",
                holds: raised == load.tally.acknowledgedWrites
            ),
            Report.Check(
                title: "\(load.tally.snapshots.grouped) snapshots were read twice, "
                    + "\(load.tally.tornSnapshots.grouped) differed",
                holds: load.tally.tornSnapshots == 0
            ),
            Report.Check(
                title: "\(load.tally.operations.grouped) operations succeeded, \(load.tally.failures.grouped) failed",
                holds: load.tally.failures == 0 && load.tally.operations > 0
            ),
        ]
        return checks
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
            ProgressLine().note("cannot remove \(temporaryFolder.path): \(error)")
        }
    }
}
