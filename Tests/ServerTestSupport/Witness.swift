public import PoolSQL
import Synchronization

/// Looks at the server's list of sessions, on a connection of its own, as often as it can for as long as it lives.
public final class Witness<Driver: SQLDriver>: Sendable {
    public struct Report: Sendable {
        /// The most sessions of the pool that were seen at once, at two looks in a row: a server closes a session's
        /// socket a moment before it takes the session off its list, and may be interrupted in between.
        public var peak = 0
        /// What the list was like then.
        public var sessions = ""
        public var looks = 0
        fileprivate var latest = 0
        /// How often the witness itself lost its connection.
        public var losses = 0
    }

    private let driver: Driver
    private let statement: SQL
    private let report = Mutex(Report())
    private let isOver = Flag()

    /// - Parameter statement: Returns how many sessions there are and what they do, as a number and a text.
    public init(_ driver: Driver, looking statement: SQL) {
        self.driver = driver
        self.statement = statement
    }

    /// Watches while `body` runs.
    public func watching<Result: Sendable>(_ body: () async throws -> Result) async rethrows -> (Result, Report) {
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

    private func watch() async {
        while !isOver.isSet {
            guard let connection = try? await connect() else {
                await Task.yield()
                continue
            }
            do {
                while !isOver.isSet {
                    let row = try await connection.query(statement)[0]
                    note(try row[0, as: Int.self], try row[1, as: String.self])
                }
            } catch {
                // The server is being killed: it comes again.
                report.withLock { $0.losses += 1 }
            }
            await connection.close(.forced)
        }
    }

    private func connect() async throws -> Driver.Connection {
        let lane = driver.lanes(maximumConnections: 1)[0]
        return try await driver.connect(ConnectRequest(lane: lane, attempt: 1, deadline: .distantFuture))
    }

    private func note(_ count: Int, _ sessions: String) {
        report.withLock { report in
            report.looks += 1
            let lasting = min(count, report.latest)
            if lasting > report.peak { (report.peak, report.sessions) = (lasting, sessions) }
            report.latest = count
        }
    }
}
