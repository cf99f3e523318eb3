import Foundation
import PoolMySQL
import PoolTesting
import ServerTestSupport
import Testing

extension MySQLTests {
    @Suite("Servers of MySQL that send what no server sends", .timeLimit(.minutes(10)))
    struct HostileServerTests {
        private func withPool(
            through relay: EditingRelay, _ maximumConnections: Int = 1, _ body: (MySQLPool) async throws -> Void
        ) async throws {
            defer { relay.stop() }
            try await PoolMySQLTests.withPool(maximumConnections) {
                $0.connect(toPort: relay.port)
            } _: { pool async throws in
                try await body(pool)
            }
        }

        /// 0xFE and eight bytes.
        private static func length(_ number: UInt64) -> [UInt8] {
            [0xFE] + (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }

        /// A statement, what the server answers, and what comes instead.
        struct Lie: Sendable {
            let sql: String
            let old: [UInt8]
            let new: [UInt8]

            init(_ sql: String, _ old: [UInt8], _ new: [UInt8]) {
                (self.sql, self.old, self.new) = (sql, old, new)
            }
        }

        private static func lies(ofLength count: UInt64) -> [Lie] {
            let (text, count) = (Array("abcd".utf8), length(count))
            return [
                Lie("SELECT 'abcd'", [4] + text, count + text),
                Lie("SELECT x'61626364'", [4] + text, count + text),
                Lie("SELECT b'11111111111111111111111111111111'", [4, 255, 255, 255, 255], count + text),
                Lie("SELECT DATE'2024-02-03'", [4, 0xE8, 7, 2, 3], count + [0xE8, 7, 2, 3]),
            ]
        }

        private static var otherLies: [Lie] {
            let time: [UInt8] = [8, 0, 0, 0, 0, 0, 10, 11, 12]
            let text = Array("abcd".utf8)
            return [
                Lie("SELECT TIME'10:11:12'", time, [8, 0, 255, 255, 255, 255, 10, 11, 12]),
                Lie("SELECT TIME'10:11:12'", time, [8, 0, 0, 0, 0, 0, 10, 99, 12]),
                Lie("SELECT TIME'10:11:12'", time, [5, 0, 0, 0, 0, 0]),
                Lie("SELECT DATE'2024-02-03'", [4, 0xE8, 7, 2, 3], [3, 0xE8, 7, 2]),
                Lie("SELECT 'abcd'", [4] + text, [251] + text),
                Lie("SELECT 72623859790382856", [8, 7, 6, 5, 4, 3, 2, 1], [8, 7, 6]),
            ]
        }

        @Test("a value that is longer than its row, or that its type does not have, ends the connection and no more")
        func values() async throws {
            let lengths: [UInt64] = [1 << 32 + 4, 0xFFFF_FFFF_0000_0004, 1 << 40, .max]
            for value in lengths.flatMap({ Self.lies(ofLength: $0) }) + Self.otherLies {
                let isHostile = Flag()
                let (old, new) = (value.old, value.new)
                let relay = try EditingRelay(to: PrivateMariaDB.shared.get()) { packet in
                    // A row of the binary protocol.
                    if isHostile.isSet, packet.first == 0, packet.count < 40 { packet.replace(old, by: new) }
                }
                try await withPool(through: relay) { pool in
                    // Nothing else is in the way.
                    _ = try await pool.query(SQL(raw: value.sql))
                    isHostile.set()
                    await #expect(throws: MySQLError.self, "\(value)") { _ = try await pool.query(SQL(raw: value.sql)) }
                    #expect(pool.statistics.connectionsOpened == 1)
                    // No column of the text protocol is edited.
                    try await pool.execute("DO 1")
                    #expect(pool.statistics.connectionsOpened == 2, "\(value)")
                }
            }
        }

        @Test(
            "bits that are more than a BIT has come as bytes",
            arguments: [MySQLConfiguration.StatementProtocol.prepared, .textWithoutBinds])
        func tooManyBits(statementProtocol: MySQLConfiguration.StatementProtocol) async throws {
            let server = try PrivateMariaDB.shared.get()
            let name = try await server.createDatabase()
            let relay = try EditingRelay(to: server) { packet in
                if packet.count < 10 { packet.replace([4, 255, 255, 255, 255], by: [9] + (1...9)) }
            }
            defer { relay.stop() }
            try await PoolMySQLTests.withPool(1) {
                $0.connect(toPort: relay.port)
                ($0.database, $0.statementProtocol) = (name, statementProtocol)
            } _: { pool async throws in
                try await pool.execute("CREATE TABLE b (b BIT(32))")
                try await pool.execute("INSERT INTO b VALUES (0xFFFFFFFF)")
                #expect(Array(try await pool.query("SELECT b FROM b")[0].values) == [.bytes(Array(1...9))])
            }
        }

        @Test(
            "numbers about the server that no server has do not end the process",
            arguments: ["9223372036854775807", "92233720368547758", "-9223372036854775808", "0", "-1", "x"])
        func numbers(number: String) async throws {
            let text = Array(number.utf8)
            // The private server's values, as the text protocol has them.
            let relay = try EditingRelay(to: PrivateMariaDB.shared.get()) { packet in
                for name in ["wait_timeout", "Uptime"] {
                    let field = [UInt8(name.utf8.count)] + Array(name.utf8)
                    guard packet.starts(with: field), packet.count > field.count else { continue }
                    packet = field + [UInt8(text.count)] + text
                }
            }
            try await withPool(through: relay) { pool in
                let task = Task { try await pool.query("SELECT SLEEP(20)") }
                try await waitForProcess("SELECT SLEEP(20)")
                // The uptime is asked for when a statement is to be stopped.
                task.cancel()
                await #expect(throws: (any Error).self) { _ = try await task.value }
            }
        }
    }
}
