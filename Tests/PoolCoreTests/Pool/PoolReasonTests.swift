import PoolCore
import PoolTesting
import Testing

@Suite("Events tell the reason", .timeLimit(.minutes(1)))
struct PoolReasonTests {
    /// Why connections were closed, with the errors that were told.
    private func closings(_ fixture: PoolFixture, _ count: Int) async throws -> [String] {
        try await fixture.observer.events(count) { $0.closeReason != nil }.map { event in
            guard case .connectionClosed(_, _, let reason, let error) = event else { return "" }
            return "\(reason): \(error.map { "\($0)" } ?? "nothing")"
        }
    }

    private func releases(_ fixture: PoolFixture) -> [String] {
        fixture.observer.events.compactMap { event in
            guard case .released(_, _, _, let error) = event else { return nil }
            return error.map { "\($0)" } ?? "nothing"
        }
    }

    @Test("The reason of a discard is told with the release and with the close")
    func discarded() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.pool.withConnection { $0.discard(reason: "the answer was odd") }
        #expect(try await closings(fixture, 1) == ["discarded: discarded by its holder: the answer was odd"])
        #expect(releases(fixture) == ["discarded by its holder: the answer was odd"])
        #expect(fixture.pool.statistics.connectionsClosed == [.discarded: 1])
        try await fixture.expectWhole()
    }

    @Test("The error that broke a leased connection is told with the release and with the close")
    func broken() async throws {
        let fixture = try PoolFixture(maximum: 1)
        fixture.driver.script(.work, [.fail(FakeError("the server went away"))])
        try await fixture.pool.withConnection { lease in try? await lease.work() }
        #expect(try await closings(fixture, 1) == ["broken: the server went away"])
        #expect(releases(fixture) == ["the server went away"])
        try await fixture.holding(1)
        #expect(releases(fixture).last == "nothing")
        try await fixture.expectWhole()
    }

    @Test("What ended an idle connection is told when it is lost, and when it is closed")
    func lost() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.holding(1)
        fixture.driver.connections[0].lose(with: FakeError("restarting"))
        #expect(try await closings(fixture, 1) == ["broken: restarting"])
        let told = fixture.observer.events.compactMap { event in
            if case .idleConnectionLost(_, _, let error) = event { error as? FakeError } else { nil }
        }
        #expect(told == [FakeError("restarting")])
        try await fixture.expectWhole()
    }

    @Test("What ended a connection while it was leased is told when it is closed for it")
    func lostWhileLeased() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.pool.withConnection { $0.connection.lose(with: FakeError("restarting")) }
        #expect(try await closings(fixture, 1) == ["broken: restarting"])
        try await fixture.expectWhole()
    }

    @Test("What a validation or a reset has thrown is told with the close, and that one took too long")
    func preparations() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.holding(1)
        fixture.time.advance(by: .seconds(31))
        fixture.driver.script(.validate, [.fail(FakeError("no answer"))])
        try await fixture.holding(1)
        fixture.driver.script(.reset, [.fail(FakeError("it stays")), .hang])
        for count in 2...3 {
            try await fixture.pool.withConnection { $0.connection.leave("residue") }
            if count == 3 {
                _ = try await fixture.driver.nextHanging(.reset)
                fixture.time.advance(by: .seconds(5))
            }
            _ = try await closings(fixture, count)
        }
        let told = try await closings(fixture, 3)
        #expect(told[0] == "validationFailed: no answer")
        #expect(told[1] == "resetFailed: it stays")
        #expect(told[2].contains("resetFailed: pool \"pool\": resetTimedOut after 5.00 s (reset)"))
        try await fixture.expectWhole()
    }

    @Test("A close for which nothing was wrong tells no error")
    func nothingWrong() async throws {
        let fixture = try PoolFixture(maximum: 1)
        try await fixture.holding(1)
        fixture.pool.clear()
        #expect(try await closings(fixture, 1) == ["cleared: nothing"])
        try await fixture.expectWhole()
    }

    @Test("A clear is told before what follows from it, and counts connections that are being opened")
    func clear() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 3, minimumConnections: 1))
        await fixture.until { $0.idle == 1 }
        fixture.driver.script(.connect, [.hang])
        let lease = try await fixture.pool.acquire()
        let waiter = fixture.waiter()
        let connect = try await fixture.driver.nextHanging(.connect)
        lease.release()
        try await waiter.value
        await fixture.until { $0.idle == 1 }
        let before = fixture.observer.events.count
        #expect(fixture.pool.clear() == 2, "one is idle, and one is being opened")
        connect.succeed()
        _ = try await closings(fixture, 2)
        let after = fixture.observer.events.dropFirst(before)
        guard case .cleared(connections: 2) = after.first else {
            Issue.record("\(after) began otherwise")
            return
        }
        try await fixture.expectWhole()
    }

    @Test("The making of the pool is the first that an observer hears")
    func created() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 3, minimumConnections: 1))
        guard case .created(let configuration) = fixture.observer.events.first else {
            Issue.record("it heard \(fixture.observer.events)")
            return
        }
        #expect(configuration.maximumConnections == 3)
        await fixture.until { $0.idle == 1 }
        try await fixture.expectWhole()
    }

    @Test("Whether a connection was ready is told apart from whether it is new")
    func hits() async throws {
        let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 2, minimumConnections: 1))
        await fixture.until { $0.idle == 1 }
        for _ in 0..<2 { try await fixture.holding(1) }
        try await fixture.holding(2)
        let told = fixture.observer.events.compactMap { event in
            if case .acquired(_, _, _, let isNew, let isHit) = event { [isNew, isHit] } else { nil }
        }
        #expect(told == [[true, true], [false, true], [false, true], [true, false]])
        try await fixture.expectWhole()
    }
}
