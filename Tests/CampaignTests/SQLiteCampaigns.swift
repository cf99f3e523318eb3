import Foundation
import PoolSQLite
import Testing

/// Long runs against a real file, each in a process of its own. `POOL_CAMPAIGN=full` makes them as long as they are
/// meant to be; otherwise they are short.
@Suite(.serialized)
struct SQLiteCampaigns {
    private let isFull = ProcessInfo.processInfo.environment["POOL_CAMPAIGN"] == "full"

    @Test("64 tasks on 8 connections meet no SQLITE_BUSY, lose no update and see committed snapshots only")
    func mixedLoad() throws {
        let folder = try TemporaryFolder()
        let seed = Int.random(in: 1...1_000_000)
        let found = try Worker(["mixed-load", folder.database, "64", "8", isFull ? "60" : "5", "\(seed)"]).results()
        print("mixed load, seed \(seed): \(found.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
        #expect(found["busy"] == 0)
        #expect(found["other-errors"] == 0)
        #expect(found["wrong-snapshots"] == 0)
        #expect(found["counter"] == found["counted"])
        #expect(try #require(found["counted"]) > 0)
        #expect(try #require(found["reads"]) > 0)
    }

    @Test("A process killed in the middle leaves a database that opens with all acknowledged commits")
    func killedProcess() async throws {
        for round in 1...(isFull ? 20 : 3) {
            let folder = try TemporaryFolder()
            let acknowledged = try Worker(["commits", folder.database]).killed(afterLines: 37 * round)
            let pool = try SQLitePool(path: folder.database)
            let check = try await pool.query("PRAGMA integrity_check").decode(String.self)
            let rows = try await pool.query("SELECT number FROM entry ORDER BY number").decode(Int.self)
            try await pool.close()
            #expect(check == ["ok"])
            #expect(rows.count >= 2 * acknowledged)
            #expect(rows == Array(2..<(2 + rows.count)))
            #expect(rows.count.isMultiple(of: 2))
        }
    }

    @Test("A million streamed rows stay under 64 MB of resident memory")
    func streaming() throws {
        let folder = try TemporaryFolder()
        let found = try Worker(["stream", folder.database, "1000000"]).results()
        print("streaming: peak of \(found["peak-resident-kilobytes"] ?? -1) KB")
        #expect(found["rows"] == 1_000_000)
        #expect(found["sum"] == 500_000_500_000)
        #expect(try #require(found["peak-resident-kilobytes"]) < 64 * 1024)
    }

    /// How late it is, depends on what else the machine does, and is printed alone. Were Swift's own threads blocked,
    /// it would never beat.
    @Test("A heartbeat goes on beside blocked statements, four for each core", .timeLimit(.minutes(5)))
    func heartbeat() throws {
        let folder = try TemporaryFolder()
        let blocked = 4 * ProcessInfo.processInfo.activeProcessorCount
        let found = try Worker(["heartbeat", folder.database, "\(blocked)", isFull ? "3000" : "300"]).results()
        let before = try #require(found["microseconds-before"])
        let meanwhile = try #require(found["microseconds-meanwhile"])
        print("heartbeat: at worst \(meanwhile) µs late with \(blocked) blocked, \(before) µs without")
        #expect(found["blocked"] == blocked)
        #expect(found["beats"] == (isFull ? 3_000 : 300))
    }
}
