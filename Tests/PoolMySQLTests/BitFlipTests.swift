import Foundation
import Logging
import PoolMySQL
import PoolTesting
import ServerTestSupport
import Testing

extension MySQLTests {
    @Suite("Bits that are flipped between a pool and MySQL", .timeLimit(.minutes(10)))
    struct BitFlipTests {
        private static let timeout = Duration.seconds(1)

        private func pool(_ relay: BitFlippingRelay) throws -> MySQLPool {
            let database = try MySQLConfiguration(
                .tcp(host: "127.0.0.1", port: relay.port), user: "app", password: "the right one", database: "test",
                tls: .init(mode: .disabled), connectTimeout: Self.timeout, cancelTimeout: Self.timeout)
            return try MySQLPool(
                database: database,
                configuration: PoolConfiguration(
                    name: "flipped", maximumConnections: 4, acquireTimeout: .seconds(2), connectTimeout: Self.timeout,
                    validationTimeout: Self.timeout, resetTimeout: Self.timeout, maximumBackoff: .milliseconds(100)),
                // Each lost connection is logged: that is what the test is about.
                logger: Logger(label: "flipped") { _ in SwiftLogNoOpLogHandler() })
        }

        /// Values of each type, and everything that a lease can do.
        private static func call(_ pool: MySQLPool, _ random: inout SeededRandom) async throws {
            let number = Int.random(in: 0...1_000, using: &random)
            switch Int.random(in: 0..<7, using: &random) {
            case 0:
                let rows = try await pool.query(
                    """
                    SELECT \(number), TIME'10:11:12.5', TIME'-700:00:00', DATE'2024-02-03', TIMESTAMP'2024-02-03 04:05:06.7',
                        1.5e0, 12.34, 'text', x'00FF', b'101', UUID(), NULL, JSON_OBJECT('a', 1), repeat('long', 5000)
                    """)
                for row in rows { _ = row.values.map { "\($0)" } }
            case 1:
                try await pool.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO flips VALUES (\(number), 'some text')")
                    _ = try await transaction.query("SELECT count(*) FROM flips").decode(Int.self)
                }
            case 2:
                try await pool.withConnection { try await $0.execute("SET @a = \(number)") }
            case 3:
                try await pool.withConnection { connection in
                    try await connection.stream("SELECT seq, repeat('x', 100) FROM seq_1_to_500") { rows in
                        while let row = try await rows.next() { _ = try row[0, as: Int.self] }
                    }
                }
            case 4:
                try await pool.withConnection { try await $0.executeScript("SELECT 1; DO 2; SELECT 3, 'x'") }
            case 5:
                _ = try await pool.query("CALL result(\(number))")
            default:
                try await pool.withConnection { connection in
                    _ = try await connection.query("SELECT \(number)").decode(Int.self)
                    _ = try await connection.executeBatch(
                        "INSERT INTO flips VALUES (?, ?)", bindSets: [[.int(1), .text("a")]])
                }
            }
        }

        @Test(
            "flipped bits neither end the process nor keep a call, and the pool is whole once they stop",
            arguments: [BitFlippingRelay.Direction.fromServer, .both])
        func flipped(direction: BitFlippingRelay.Direction) async throws {
            let seed = UInt64.random(in: 1...1_000_000)
            print("flipped bits, \(direction): seed \(seed)")
            let server = try PrivateMariaDB()
            _ = try server.printed("CREATE TABLE flips (i INT, t TEXT)")
            _ = try server.printed("CREATE PROCEDURE result(IN a INT) SELECT a, 'b'")
            let relay = try BitFlippingRelay(
                to: .port(server.port), seed: seed, meanDistance: 8_000, direction: direction)
            let pool = try pool(relay)
            let load = BitFlipLoad(pool, seed: seed, patience: .milliseconds(700), bound: .seconds(20), Self.call)
            let end = ContinuousClock.now + .seconds(isFullCampaign ? 120 : 4)
            let report = await load.run(tasks: 8) { ContinuousClock.now > end }
            print("  \(relay.flips) flips: \(report)")
            #expect(relay.flips > 0 && report.answered > 0, "seed \(seed)")
            #expect(report.late.isEmpty, "seed \(seed): \(report.late)")
            relay.heal()
            try await hold(4, of: pool)
            try await pool.close(drain: .seconds(5))
            #expect(pool.statistics.counts.total == 0)
            relay.stop()
        }
    }
}
