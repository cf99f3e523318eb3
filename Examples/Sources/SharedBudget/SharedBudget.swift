import ArgumentParser
import Foundation
import PoolMySQL
import PoolPostgres
import PoolSQLite

@main
struct SharedBudget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "SharedBudget",
        abstract: "Puts a load on three pools of different drivers that share one budget of connections.",
        discussion: """
            Each pool alone may have more connections than the budget leaves it: what one does not need, the others \
            take. A pool without a URL is on an SQLite file of its own. The program fails if there were ever more \
            connections than the budget allows, or if a pool got none.
            """
    )

    @Option(help: ArgumentHelp("A PostgreSQL server.", valueName: "url"))
    var postgres: String?

    @Option(help: ArgumentHelp("A MariaDB or MySQL server.", valueName: "url"))
    var mysql: String?

    @Option(help: "The number of connections that the pools share.")
    var budget = 4

    @Option(help: "The number of tasks that use each pool.")
    var tasks = 6

    @Option(help: "How many seconds the load lasts.")
    var duration = 1.0

    func validate() throws {
        try check(budget, "--budget", 1...1_000)
        try check(tasks, "--tasks", 1...10_000)
        guard duration > 0, duration <= 86_400 else {
            throw ValidationError("--duration is \(duration), and must be more than 0 and at most 86400 seconds.")
        }
    }

    private func check(_ value: Int, _ option: String, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError(
                "\(option) is \(value), and must be at least \(range.lowerBound) and at most \(range.upperBound).")
        }
    }

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shared-budget-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }

        let shared = try PoolBudget(maximumConnections: budget)
        let gauge = Gauge()
        let registry = PoolRegistry()
        if let postgres {
            try registry.register(
                PostgresPool(url: postgres, configuration: settings("orders"), observer: gauge, budget: shared),
                alias: "orders")
        } else {
            try registry.register(file("orders", in: folder, gauge, shared), alias: "orders")
        }
        if let mysql {
            try registry.register(
                MySQLPool(url: mysql, configuration: settings("reports"), observer: gauge, budget: shared),
                alias: "reports")
        } else {
            try registry.register(file("reports", in: folder, gauge, shared), alias: "reports")
        }
        try registry.register(file("cache", in: folder, gauge, shared), alias: "cache")

        let failures = await load(on: registry)
        let isKept = report(registry, shared, gauge, failures)
        try await registry.closeAll(drain: .seconds(5))
        print("after closing: \(shared.connections) connections, \(registry.names.count) pools in the registry")
        if !isKept || shared.connections != 0 { throw ExitCode.failure }
    }

    private func settings(_ name: String) throws -> PoolConfiguration {
        try PoolConfiguration(name: name, maximumConnections: max(2, budget))
    }

    private func file(
        _ name: String, in folder: URL, _ gauge: Gauge, _ shared: PoolBudget
    ) throws -> SQLitePool {
        try SQLitePool(
            path: folder.appendingPathComponent("\(name).db").path, configuration: settings(name), observer: gauge,
            budget: shared)
    }

    /// What was asked of the pools and failed.
    private func load(on registry: PoolRegistry) async -> [String] {
        let end = ContinuousClock.now + .seconds(duration)
        return await withTaskGroup(of: String?.self) { group in
            for pool in registry.all {
                for task in 0..<tasks {
                    group.addTask { await use(pool, until: end, pausing: .milliseconds(task)) }
                }
            }
            return await group.reduce(into: []) { if let failure = $1 { $0.append(failure) } }
        }
    }

    private func use(
        _ pool: any PoolOfAnyDriver, until end: ContinuousClock.Instant, pausing pause: Duration
    ) async -> String? {
        do {
            repeat {
                switch pool {
                case let pool as PostgresPool: try await select(from: pool)
                case let pool as MySQLPool: try await select(from: pool)
                case let pool as SQLitePool: try await select(from: pool)
                default: return "\(pool.name) is of a driver that this example does not know"
                }
                try await Task.sleep(for: pause)
            } while ContinuousClock.now < end
            return nil
        } catch {
            return "\(pool.name): \(error)"
        }
    }

    /// A few statements for each lease, as an application would send.
    private func select(from pool: Pool<some SQLDriver>) async throws {
        try await pool.withConnection(.readOnly) { connection in
            for number in 1...5 {
                let answer = try await connection.query("SELECT 40 + \(number) AS answer").first?[
                    "answer", as: Int.self]
                guard answer == 40 + number else { throw WrongAnswer() }
            }
        }
    }

    private func report(
        _ registry: PoolRegistry, _ shared: PoolBudget, _ gauge: Gauge, _ failures: [String]
    ) -> Bool {
        for pool in registry.all {
            let statistics = pool.statistics
            let given = statistics.connectionsClosed[.makingRoom] ?? 0
            print("\(pool.name): \(pool.information)")
            print(
                "  \(statistics.acquired) leases, \(statistics.dequeued) after waiting;"
                    + " \(statistics.connectionsOpened) connections opened, \(given) of them closed for another pool")
        }
        print("budget: \(shared.maximumConnections) connections; the most at once: \(gauge.peak)")
        for failure in failures { print("failed: \(failure)") }
        let starved = registry.all.filter { $0.statistics.acquired == 0 }.map(\.name)
        for name in starved { print("failed: \(name) never got a connection") }
        return failures.isEmpty && starved.isEmpty && gauge.peak <= shared.maximumConnections
    }
}

private struct WrongAnswer: Error {}
