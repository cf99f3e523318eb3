import Foundation
import Logging
import PoolPostgres
import PoolTesting
import ServerTestSupport
import Testing

extension PostgresTests {
    /// `POOL_CAMPAIGN=full` makes it minutes long, and `POOL_TEST_SEED` flips the same bits.
    @Suite("Postgres behind a relay that flips bits", .timeLimit(.minutes(isFullCampaign ? 10 : 2)))
    struct BitFlipTests {
        @Test("whatever the server seems to say, the process lives, each call ends, and the pool is whole afterwards")
        func flips() async throws {
            let server = try PrivatePostgres.shared.get()
            let seed =
                ProcessInfo.processInfo.environment["POOL_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
            print("POOL_TEST_SEED=\(seed)")
            let relay = try BitFlippingRelay(
                to: .path("\(server.folder)/.s.PGSQL.\(server.port)"), seed: seed, meanDistance: 3_000)
            let silent = Logger(label: "silent") { _ in SilentLog() }
            let pool = try PostgresPool(
                database: PostgresConfiguration(
                    "host=127.0.0.1 port=\(relay.port) dbname=postgres user=postgres gssencmode=disable sslmode=disable",
                    cancelTimeout: .seconds(1)),
                configuration: PoolConfiguration(
                    name: "flipped", maximumConnections: 3, acquireTimeout: .seconds(5), connectTimeout: .seconds(2)),
                logger: silent)
            let end = ContinuousClock.now + .seconds(isFullCampaign ? 180 : 20)
            let enough = isFullCampaign ? Int.max : 300
            let load = BitFlipLoad(pool, seed: seed, patience: .seconds(2), bound: .seconds(30), Self.call)
            let report = await load.run(tasks: 3) { relay.flips >= enough || ContinuousClock.now >= end }
            print("\(relay.flips) bits flipped: \(report)")
            #expect(report.late.isEmpty, "seed \(seed): \(report)")
            #expect(relay.flips > 0)
            relay.heal()
            // A connection that lost its other end may be granted once more.
            var answers: [Int] = []
            for _ in 0..<20 where answers != [42] {
                answers = (try? await pool.query("SELECT 42").decode(Int.self)) ?? []
            }
            #expect(answers == [42], "seed \(seed)")
            try await pool.close(drain: .seconds(2))
            relay.stop()
        }

        @Sendable
        private static func call(_ pool: PostgresPool, _ random: inout SeededRandom) async throws {
            let number = Int.random(in: 0...1_000_000, using: &random)
            switch number % 6 {
            case 0:
                _ = try await pool.query(
                    """
                    SELECT \(number)::int4, 1.5::float8, 12345.678::numeric, 'text', '\\x0102'::bytea, now(), current_date,
                        localtime, localtimestamp, gen_random_uuid(), '{"a": 1}'::jsonb, ARRAY[1, 2, NULL], ARRAY['a', 'b'], true
                    """)
            case 1:
                _ = try await pool.query("SELECT i, i::text, i / 7.0 FROM generate_series(1, \(number % 500)::int4) i")
            case 2:
                _ = try await pool.query(
                    "SELECT ARRAY[[1, 2], [\(number)::int4, 4]], '1 BC'::date, 'infinity'::timestamptz")
            case 3:
                try await pool.withTransaction { transaction in
                    _ = try await transaction.query("SELECT \(number)::int8")
                    _ = try await transaction.query("SELECT repeat('x', \(number % 20_000)::int4)")
                }
            case 4:
                try await pool.withConnection { lease in
                    try await lease.stream("SELECT generate_series(1, 2000), 'row'") { rows in
                        while try await rows.next() != nil {}
                    }
                }
            default: _ = try? await pool.query("SELECT 1 / 0")
            }
        }
    }
}
