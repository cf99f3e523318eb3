import Dispatch
public import PoolSQL

/// One run from the first table to the report.
public struct Session<Driver: SQLDriver>: Sendable {
    private let options: QuickstartOptions
    private let dialect: QuickstartDialect
    private let makePool: @Sendable (PoolConfiguration) throws -> Pool<Driver>

    public init(
        _ options: QuickstartOptions, dialect: QuickstartDialect,
        makePool: @escaping @Sendable (PoolConfiguration) throws -> Pool<Driver>
    ) {
        self.options = options
        self.dialect = dialect
        self.makePool = makePool
    }

    /// Prints a report, and returns true if all its checks hold.
    ///
    /// Concurrent, because `main` runs on the main actor: there, each call would hop to it and back.
    @concurrent
    public func run() async throws -> Bool {
        let interruption = Interruption()
        let sources = interruption.listen()
        defer { sources.forEach { $0.cancel() } }

        let data = try TimeZoneData(folder: options.zoneInfoFolder)
        // Each task may have to wait, and none should be turned away.
        let pool = try makePool(
            PoolConfiguration(
                name: "quickstart", maximumConnections: options.poolSize,
                maximumWaiters: options.tasks + options.writers
            )
        )
        do {
            let report = try await report(on: pool, data, interruption)
            try await pool.close(drain: .seconds(10))
            print(report.text)
            return report.checks.allSatisfy(\.holds)
        } catch {
            try await pool.close(drain: .zero)
            throw error
        }
    }

    private func report(
        on pool: Pool<Driver>, _ data: TimeZoneData, _ interruption: Interruption
    ) async throws -> Report {
        let progress = ProgressLine()
        let importer = Importer(
            pool: pool, dialect: dialect, data: data, writers: options.writers, interruption: interruption
        )
        let imported = try await importer.run(showing: progress)

        var load: LoadOutcome?
        if !interruption.isRequested {
            let runner = Load(
                pool: pool, dialect: dialect, data: data, tasks: options.tasks, duration: .seconds(options.duration),
                interruption: interruption
            )
            load = try await runner.run(showing: progress)
        }
        let statistics = pool.statistics
        let checks = try await checks(pool, imported, load)
        return Report(options: options, imported: imported, load: load, statistics: statistics, checks: checks)
    }

    private func checks(
        _ pool: Pool<Driver>, _ imported: ImportOutcome, _ load: LoadOutcome?
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
