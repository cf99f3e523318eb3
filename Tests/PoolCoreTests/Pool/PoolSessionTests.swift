import PoolCore
import PoolTesting
import Synchronization
import Testing

@Suite("Tags and the session hook", .timeLimit(.minutes(1)))
struct PoolSessionTests {
    /// What a session hook was called with.
    private final class Calls: Sendable {
        private let list = Mutex<[String]>([])
        var all: [String] { list.withLock { $0 } }
        func note(_ tag: PoolSessionTag?, _ actual: PoolSessionTag?) {
            list.withLock {
                $0.append("\(tag.map(\.description) ?? "none") from \(actual.map(\.description) ?? "none")")
            }
        }
    }

    private func hooks(_ calls: Calls) -> PoolHooks<FakeDriver> {
        PoolHooks(session: { lease, tag in
            calls.note(tag, lease.tag)
            if let tag { lease.connection.leave("set up for \(tag)") }
        })
    }

    /// Acquires with the tag, and tells which connection came and what its tag is.
    private func use(
        _ fixture: PoolFixture, _ tag: PoolSessionTag?, _ match: PoolTagMatch = .exact
    ) async throws -> (number: Int, tag: PoolSessionTag?, residue: [String]) {
        let result = try await fixture.pool.withConnection(AcquireOptions(tag: tag, tagMatch: match)) { lease in
            (lease.connection.number, lease.tag, lease.connection.residue)
        }
        await fixture.until { $0.resetting == 0 }
        return result
    }

    @Test("The session hook runs for a new connection and for another tag, and at no other time")
    func whenItRuns() async throws {
        let calls = Calls()
        let fixture = try PoolFixture(maximum: 1, hooks: hooks(calls))
        _ = try await use(fixture, nil)
        _ = try await use(fixture, nil)
        #expect(calls.all == ["none from none"])
        _ = try await use(fixture, "zone=UTC")
        _ = try await use(fixture, "zone=UTC")
        #expect(calls.all == ["none from none", "zone=UTC from none"])
        _ = try await use(fixture, "zone=CET")
        #expect(calls.all.last == "zone=CET from none")
        #expect(calls.all.count == 3)
        try await fixture.expectWhole()
    }

    @Test("A session with a tag is kept for the next lease with the tag, and reset for any other")
    func kept() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: hooks(Calls()))
        let first = try await use(fixture, "zone=UTC")
        let second = try await use(fixture, "zone=UTC")
        #expect(first.tag == "zone=UTC" && second.tag == "zone=UTC")
        #expect(second.residue == ["set up for zone=UTC"])
        #expect(fixture.driver.connections[0].history.contains(.workEnded))
        #expect(!fixture.driver.connections[0].history.contains(.reset))
        let third = try await use(fixture, nil)
        #expect(third.tag == nil && third.residue == [])
        #expect(fixture.driver.connections[0].history.contains(.reset))
        try await fixture.expectWhole()
    }

    @Test("Of the idle connections the one with the tag is taken, then one without, then another")
    func preference() async throws {
        let fixture = try PoolFixture(maximum: 3, hooks: hooks(Calls()))
        let (a, b) = (AcquireOptions(tag: "a=1;b=1;c=1"), AcquireOptions(tag: "a=1;b=2;c=9"))
        try await fixture.pool.withConnection(a) { _ in
            try await fixture.pool.withConnection(b) { _ in
                try await fixture.pool.withConnection { _ in }
            }
        }
        await fixture.until { $0.idle == 3 }
        #expect(try await use(fixture, "a=1;b=1;c=1").number == 1)
        #expect(try await use(fixture, "a=1;b=2;c=9").number == 2)
        #expect(try await use(fixture, nil).number == 3)
        #expect(try await use(fixture, "a=1;b=2;c=1", .cheapest).number != 3)
        #expect(try await use(fixture, "d=1", .any).number == 3)
        try await fixture.expectWhole()
    }

    @Test("With another match than the exact one the session of another tag comes as it is")
    func anyMatch() async throws {
        let calls = Calls()
        let fixture = try PoolFixture(maximum: 1, hooks: hooks(calls))
        _ = try await use(fixture, "zone=UTC")
        let other = try await use(fixture, "zone=CET", .any)
        #expect(calls.all.last == "zone=CET from zone=UTC")
        #expect(other.tag == "zone=CET")
        #expect(other.residue == ["set up for zone=UTC", "set up for zone=CET"])
        try await fixture.expectWhole()
    }

    @Test("A body can set and clear the tag without any hook")
    func byTheBody() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.pool.withConnection { lease in
            lease.connection.leave("zone")
            lease.tag = "zone=UTC"
        }
        await fixture.until { $0.idle == 1 }
        #expect(try await use(fixture, "zone=UTC").residue == ["zone"])
        try await fixture.pool.withConnection(AcquireOptions(tag: "zone=UTC")) { $0.tag = "" }
        await fixture.until { $0.idle == 1 }
        #expect(try await use(fixture, "zone=UTC").residue == [])
        try await fixture.expectWhole()
    }

    @Test("A session hook that throws drops the connection and fails the acquire with its error")
    func throwing() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: PoolHooks(session: { lease, _ in try await lease.work() }))
        fixture.driver.script(.work, [.fail(FakeError("hook"))])
        let error = await #expect(throws: FakeError.self) { try await fixture.pool.withConnection { _ in } }
        #expect(error == FakeError("hook"))
        try await fixture.observer.event { $0.closeReason == .sessionFailed }
        try await fixture.expectWhole()
    }

    @Test("A session hook that hangs ends with the acquire's deadline, and its place comes free")
    func hanging() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: PoolHooks(session: { lease, _ in try await lease.work() }))
        fixture.driver.script(.work, [.hang])
        let waiter = fixture.waiter(AcquireOptions(timeout: .seconds(3)))
        _ = try await fixture.driver.nextHanging(.work)
        fixture.time.advance(by: .seconds(3))
        let error = await fixture.poolError(of: waiter)
        #expect(error?.code == .acquireTimedOut)
        #expect(error?.phase == .session)
        try await fixture.expectWhole()
    }

    @Test("Cancelling the acquire ends its session hook")
    func cancelled() async throws {
        let fixture = try PoolFixture(maximum: 1, hooks: PoolHooks(session: { lease, _ in try await lease.work() }))
        fixture.driver.script(.work, [.hang])
        let waiter = fixture.waiter()
        _ = try await fixture.driver.nextHanging(.work)
        waiter.cancel()
        #expect(await fixture.error(of: waiter) is CancellationError)
        try await fixture.expectWhole()
    }

    @Test("A connection of a pool with tags is validated and closed like any other")
    func lives() async throws {
        let fixture = try PoolFixture(maximum: 2, hooks: hooks(Calls()))
        _ = try await use(fixture, "zone=UTC")
        fixture.time.advance(by: .seconds(31))
        #expect(try await use(fixture, "zone=UTC").tag == "zone=UTC")
        #expect(fixture.driver.connections[0].history.contains(.validated))
        fixture.time.advance(by: .seconds(601))
        try await fixture.observer.event { $0.closeReason == .idleTimeout }
        #expect(try await use(fixture, "zone=UTC").number == 2)
        try await fixture.expectWhole()
    }

    @Test("A tag is read from text, and written as text")
    func text() {
        let tag: PoolSessionTag = "b=2;a=1;c;a=3"
        #expect(tag.description == "a=3;b=2;c")
        #expect(tag == ["a": "3", "c": "", "b": "2"])
        #expect(tag["a"] == "3" && tag["d"] == nil)
        #expect(PoolSessionTag("x=y=z").properties == ["x": "y=z"])
        #expect(PoolSessionTag(#"C:\x=\y\"#) == ["C:\\x": "\\y\\"])
    }

    @Test("Tags that differ have descriptions that differ, and are read from them again")
    func unambiguous() {
        let parts = ["", "a", "b=2", ";", "=", #"\"#, "1;b=2", #"x\;"#, ";\u{301}"]
        var seen: [String: PoolSessionTag] = [:]
        for (first, second) in parts.flatMap({ first in parts.map { (first, $0) } }) {
            for tag in [[first: second] as PoolSessionTag, ["a": first, "b": second], [first: "", second: ""]] {
                #expect(PoolSessionTag(tag.description) == tag, "\(tag)")
                #expect(seen.updateValue(tag, forKey: tag.description) ?? tag == tag, "\(tag)")
            }
        }
        #expect(PoolSessionTag("=").description == "=")
    }

    @Test("A lease can clear its pool")
    func clearPool() async throws {
        let fixture = try PoolFixture(maximum: 2)
        try await fixture.holding(2)
        #expect(try await fixture.pool.withConnection { $0.clearPool() } == 2)
        #expect(fixture.pool.statistics.counts.idle == 0)
        try await fixture.expectWhole()
    }
}
