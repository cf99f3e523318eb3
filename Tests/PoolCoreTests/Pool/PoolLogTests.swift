import Logging
import PoolCore
import PoolTesting
import Synchronization
import Testing

@Suite("The log", .timeLimit(.minutes(1)))
struct PoolLogTests {
    /// A log for a test to read.
    private final class Lines: Sendable {
        private let recorded = Mutex<[(level: Logger.Level, text: String)]>([])
        var all: [(level: Logger.Level, text: String)] { recorded.withLock { $0 } }
        func append(_ level: Logger.Level, _ text: String) { recorded.withLock { $0.append((level, text)) } }
    }

    private struct Recorder: LogHandler {
        let lines: Lines
        var logLevel: Logger.Level
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.append(event.level, "\(event.message)") }
    }

    private func pool(_ level: Logger.Level, _ lines: Lines) throws -> Pool<FakeDriver> {
        try Pool(
            driver: FakeDriver(), configuration: PoolConfiguration(maximumConnections: 1),
            logger: Logger(label: "test") { _ in Recorder(lines: lines, logLevel: level) })
    }

    @Test("At trace the log tells of each acquire, wait and release, without any observer")
    func trace() async throws {
        let lines = Lines()
        let pool = try pool(.trace, lines)
        for _ in 0..<3 { try await pool.withConnection { _ in } }
        try await pool.close()
        let traces = lines.all.filter { $0.level == .trace }.map(\.text)
        #expect(traces.count { $0 == "acquired" } == 3)
        #expect(traces.count { $0 == "released" } == 3)
        #expect(traces.count { $0 == "an acquire waits" } == 1)
    }

    @Test("Above trace no lease is heard of, and the pool's own life is at debug")
    func debug() async throws {
        let lines = Lines()
        let pool = try pool(.debug, lines)
        for _ in 0..<3 { try await pool.withConnection { _ in } }
        try await pool.close()
        #expect(lines.all.allSatisfy { $0.level == .debug })
        let texts = lines.all.map(\.text)
        for text in ["made the pool", "opened a connection", "closed a connection", "draining", "closed"] {
            #expect(texts.contains(text), "\(text) is missing")
        }
    }

    @Test("What is wrong with a connection is told at info, and a lost one as a warning")
    func trouble() async throws {
        let lines = Lines()
        let pool = try pool(.info, lines)
        try await pool.withConnection { $0.discard(reason: "a test") }
        let connection = try await pool.withConnection { $0.connection }
        connection.lose(with: FakeError("restarting"))
        #expect(lines.all.map(\.text).contains("lost an idle connection"))
        #expect(lines.all.contains { $0.level == .info && $0.text == "closed a connection" })
        try await pool.close(drain: .zero)
    }
}
