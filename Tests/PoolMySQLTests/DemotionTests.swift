import PoolMySQL
@_spi(Driver) import PoolSQL
import Testing

extension MySQLTests {
    @Suite("A MySQL server that has become a replica", .timeLimit(.minutes(2)))
    struct DemotionTests {
        @Test("a refused write ends all connections of its time; the next ones refuse too, and stay for a while")
        func demoted() async throws {
            let server = try PrivateMariaDB()
            var settings = MySQLTestSettings()
            (settings.user, settings.password) = ("other", "another")
            let driver = MySQLDriver(configuration: try settings.configuration(server))
            (settings.user, settings.password) = ("root", "")
            let root = MySQLDriver(configuration: try settings.configuration(server))
            try await withPool(1, of: root) { root async throws in
                try await root.execute("CREATE TABLE d (i INT)")
                try await withPool(3, of: driver) { pool async throws in
                    for write in 1...4 {
                        if write == 1 { try await root.execute("SET GLOBAL read_only = 1") }
                        let error = await #expect(throws: MySQLError.self) {
                            try await pool.execute("INSERT INTO d VALUES (1)")
                        }
                        #expect(error?.code == .optionPreventsStatement)
                        _ = try await pool.query("SELECT 1")
                        #expect(pool.statistics.connectionsOpened == 2, "after write \(write)")
                    }
                    try await root.execute("SET GLOBAL read_only = 0")
                }
            }
        }
    }

    @Suite("How often refused writes end connections")
    struct DemotionLimitTests {
        @Test("one in five seconds does")
        func limit() {
            let limit = DemotionLimit()
            let start = ContinuousClock.now
            let answers = [0, 1, 4.999, 5, 5.5, 9.9, 10, 100].map { limit.mayEndGeneration(now: start + .seconds($0)) }
            #expect(answers == [true, false, false, true, false, false, true, true])
        }
    }
}
