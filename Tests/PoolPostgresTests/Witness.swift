import Foundation
import PoolCore
import PoolPostgres
import Synchronization

/// Looks at the server's list of sessions, on a connection of its own, as often as it can for as long as it lives.
final class Witness: Sendable {
    struct Report: Sendable {
        /// The most sessions of the application that were seen at once.
        var peak = 0
        /// What the list was like then.
        var sessions = ""
        var looks = 0
        /// How often the witness itself lost its connection.
        var losses = 0
    }

    private let driver: PostgresDriver
    private let applicationName: String
    private let report = Mutex(Report())
    private let isOver = Flag()

    init(_ server: PrivatePostgres, of applicationName: String) throws {
        driver = PostgresDriver(
            configuration: try PostgresConfiguration(server.connection(), applicationName: "witness"))
        self.applicationName = applicationName
    }

    /// Watches while `body` runs.
    func watching<Result: Sendable>(_ body: () async throws -> Result) async rethrows -> (Result, Report) {
        async let watch: Void = watch()
        let result: Result
        do {
            result = try await body()
        } catch {
            isOver.set()
            await watch
            throw error
        }
        isOver.set()
        await watch
        return (result, report.withLock { $0 })
    }

    /// Forgets what it has seen so far, and returns it.
    func reset() -> Report {
        report.withLock { report in
            defer { report = Report() }
            return report
        }
    }

    private func watch() async {
        while !isOver.isSet {
            guard let connection = try? await connect(driver) else {
                await Task.yield()
                continue
            }
            do {
                while !isOver.isSet { note(try await look(connection)) }
            } catch {
                // The server is being killed: it comes again.
                report.withLock { $0.losses += 1 }
            }
            await driver.close(connection, mode: .forced)
        }
    }

    private func look(_ connection: PostgresConnection) async throws -> (Int, String) {
        // The pause leaves the processor to those who are watched.
        let rows = try await connection.query(
            """
            SELECT count(*), coalesce(string_agg(concat_ws(' ', pid, state, wait_event, left(query, 30)), '; '), ''),
                pg_sleep(0.001)
            FROM pg_stat_activity WHERE application_name = \(applicationName)
            """)
        return (try rows[0][0, as: Int.self], try rows[0][1, as: String.self])
    }

    private func note(_ look: (count: Int, sessions: String)) {
        report.withLock { report in
            report.looks += 1
            if look.count > report.peak { (report.peak, report.sessions) = (look.count, look.sessions) }
        }
    }
}
