import PoolCore
import PoolTesting
import Testing

/// Each number and duration that the public interface takes, with the values at its ends and beyond them.
@Suite("Bounds of what the pool takes", .timeLimit(.minutes(2)))
struct PoolBoundsTests {
    /// What a call does with a value.
    struct Taker<Value: Sendable>: Sendable, CustomTestStringConvertible {
        let property: String
        let taken: [Value]
        let refused: [Value]
        let give: @Sendable (Value) async throws -> Void
        var testDescription: String { property }
    }

    static let longest = PoolConfiguration.longestDuration

    /// What people write for "no limit", and what a sign or a unit that was mistaken gives.
    static let absurd: [Duration] = [
        .seconds(-3), .nanoseconds(-1), .seconds(1e20), .seconds(-1e20), .seconds(Int64.max), .seconds(Int64.min),
        .nanoseconds(Int64.max), .nanoseconds(Int64.max - 1), .nanoseconds(Int64.min), longest + .nanoseconds(1),
    ]

    // MARK: The configuration

    /// The pool works with it: connects, grants, validates, resets, expires and closes.
    private static func use(_ change: @Sendable (inout PoolConfiguration) -> Void) async throws {
        var configuration = try PoolConfiguration(maximumConnections: 4, lifetimeJitter: 0)
        change(&configuration)
        try configuration.check()
        let fixture = try PoolFixture(configuration)
        for _ in 0..<2 {
            try await fixture.pool.withConnection { $0.connection.leave("something") }
            try await fixture.pool.withConnection { _ in }
        }
        try await fixture.pool.reconfigure { $0.minimumConnections = min(1, $0.maximumConnections) }
        try await fixture.pool.close(drain: .zero)
        // A reset that the close has interrupted, or that took too long, may end a moment after it.
        let observer = fixture.observer
        for kind in PoolOperation.Kind.allCases {
            let begun = observer.steps.count { $0.operation.kind == kind && $0.side == .began }
            try await observer.steps(begun, kind, .ended)
        }
        fixture.expectClosed()
    }

    private static func withPool(
        maximum: Int = 1, _ body: (Pool<FakeDriver>) async throws -> Void
    ) async throws {
        let pool = try PoolFixture(maximum: maximum).pool
        do { try await body(pool) } catch {
            try await pool.close(drain: .zero)
            throw error
        }
        try await pool.close(drain: .zero)
    }

    private static func duration(
        _ path: any WritableKeyPath<PoolConfiguration, Duration> & Sendable, _ property: String
    ) -> Taker<Duration> {
        Taker(property: property, taken: [.nanoseconds(1), .seconds(60), longest], refused: absurd + [.zero]) { value in
            try await use {
                $0[keyPath: path] = value
                if property == "initialBackoff" { $0.maximumBackoff = longest }
                if property == "maximumBackoff" { $0.initialBackoff = .nanoseconds(1) }
            }
        }
    }

    private static func duration(
        _ path: any WritableKeyPath<PoolConfiguration, Duration?> & Sendable, _ property: String,
        isZeroTaken: Bool = false
    ) -> Taker<Duration> {
        let taken: [Duration] = [.nanoseconds(1), .seconds(60), longest] + (isZeroTaken ? [.zero] : [])
        return Taker(property: property, taken: taken, refused: absurd + (isZeroTaken ? [] : [.zero])) { value in
            try await use { $0[keyPath: path] = value }
        }
    }

    static let durationTakers = [
        duration(\.acquireTimeout, "acquireTimeout"), duration(\.connectTimeout, "connectTimeout"),
        duration(\.validationTimeout, "validationTimeout"), duration(\.resetTimeout, "resetTimeout"),
        duration(\.initialBackoff, "initialBackoff"), duration(\.maximumBackoff, "maximumBackoff"),
        duration(\.idleTimeout, "idleTimeout"), duration(\.maximumLifetime, "maximumLifetime"),
        duration(\.leakWarning, "leakWarning"),
        duration(\.validateAfterIdle, "validateAfterIdle", isZeroTaken: true),
        Taker(property: "AcquireOptions.timeout", taken: [.zero, .nanoseconds(1), longest], refused: absurd) { value in
            try await withPool { pool in
                try await pool.withConnection { _ in }
                try await pool.withConnection(AcquireOptions(timeout: value)) { _ in }
                try await pool.acquire(AcquireOptions(timeout: value)).release()
            }
        },
        Taker(property: "timeout", taken: [.zero, .nanoseconds(1), longest], refused: absurd) { value in
            try await withPool { pool in
                try await pool.withConnection { _ in }
                try await pool.warmUp(timeout: value)
            }
        },
        Taker(property: "duration", taken: [.zero, .nanoseconds(1), longest], refused: absurd) { value in
            try await withPool { try await $0.rotate(over: value) }
        },
        Taker(property: "drain", taken: [.zero, .nanoseconds(1), longest], refused: absurd) { value in
            try await withPool { try await $0.close(drain: value) }
        },
        Taker(property: "drain", taken: [.zero, longest], refused: absurd) { value in
            try await withPool { try await $0.run(drain: value) { _ in } }
        },
        Taker(property: "drain", taken: [.zero, longest], refused: absurd) { value in
            try await withPool { pool in
                let service = Task { try await pool.run(drain: value) }
                service.cancel()
                try await service.value
            }
        },
        Taker(property: "drain", taken: [.zero, longest], refused: absurd) { value in
            try await withPool { pool in
                let registry = PoolRegistry()
                try registry.register(pool)
                try await registry.closeAll(drain: value)
            }
        },
    ]

    @Test(
        "A duration is taken from its least to a hundred years; what is beyond is refused, by name",
        arguments: durationTakers)
    func durations(taker: Taker<Duration>) async throws { try await expectBounds(taker) }

    // MARK: Numbers

    private static func number(
        _ path: any WritableKeyPath<PoolConfiguration, Int> & Sendable, _ property: String, _ bounds: ClosedRange<Int>
    ) -> Taker<Int> {
        Taker(
            property: property, taken: [bounds.lowerBound, bounds.upperBound], refused: outside(bounds)
        ) { value in try await use { $0[keyPath: path] = value } }
    }

    private static func number(
        _ path: any WritableKeyPath<PoolConfiguration, Int?> & Sendable, _ property: String, _ bounds: ClosedRange<Int>
    ) -> Taker<Int> {
        Taker(
            property: property, taken: [bounds.lowerBound, bounds.upperBound], refused: outside(bounds)
        ) { value in try await use { $0[keyPath: path] = value } }
    }

    private static func outside(_ bounds: ClosedRange<Int>) -> [Int] {
        [.min, -1, bounds.lowerBound - 1, bounds.upperBound + 1, .max - 1, .max]
    }

    static let numberTakers = [
        number(\.maximumConnections, "maximumConnections", 1...1_000_000),
        number(\.minimumConnections, "minimumConnections", 0...4), number(\.minimumIdle, "minimumIdle", 0...4),
        number(\.growthIncrement, "growthIncrement", 1...1_000_000),
        number(\.maximumConnectionsPerShard, "maximumConnectionsPerShard", 1...4),
        number(\.concurrentConnects, "concurrentConnects", 1...1_000_000),
        number(\.maximumUses, "maximumUses", 1...1_000_000_000),
        number(\.statementCacheCapacity, "statementCacheCapacity", 0...1_000_000),
        number(\.maximumWaiters, "maximumWaiters", 0...10_000_000),
        Taker(property: "count", taken: [1, 4], refused: outside(1...4)) { value in
            try await withPool(maximum: 4) { try await $0.warmUp(to: value) }
        },
        Taker(property: "maximumConnections", taken: [1, 1_000_000], refused: outside(1...1_000_000)) { value in
            _ = try PoolBudget(maximumConnections: value)
        },
        Taker(
            property: "lane main.maximumConnections", taken: [1, 1_000_000], refused: outside(1...1_000_000)
        ) { value in
            let lane = PoolLaneConfiguration(name: "main", maximumConnections: value)
            let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 1), lanes: [lane])
            try await fixture.expectWhole()
        },
        Taker(property: "lane main.minimumConnections", taken: [0, 4], refused: outside(0...4)) { value in
            let lane = PoolLaneConfiguration(name: "main", maximumConnections: 4, minimumConnections: value)
            let fixture = try PoolFixture(PoolConfiguration(maximumConnections: 4), lanes: [lane])
            try await fixture.expectWhole()
        },
    ]

    @Test(
        "A number is taken from its least to its greatest; what is beyond is refused, by name", arguments: numberTakers)
    func numbers(taker: Taker<Int>) async throws { try await expectBounds(taker) }

    private func expectBounds<Value>(_ taker: Taker<Value>) async throws {
        for value in taker.taken { try await taker.give(value) }
        for value in taker.refused {
            let error = await #expect(throws: PoolConfigurationError.self, "\(value)") { try await taker.give(value) }
            #expect(error?.property == taker.property)
        }
    }

    // MARK: What a refusal leaves

    @Test("A negative drain interrupts nobody, and the pool goes on")
    func negativeDrain() async throws {
        let fixture = try PoolFixture(maximum: 1)
        fixture.driver.script(.work, [.hang])
        let holder = Task { try await fixture.pool.withConnection { try await $0.work() } }
        let work = try await fixture.driver.nextHanging(.work)
        await #expect(throws: PoolConfigurationError.self) { try await fixture.pool.close(drain: .seconds(-3)) }
        #expect(fixture.pool.status == .open)
        work.succeed()
        try await holder.value
        try await fixture.expectWhole()
    }

    @Test("A deadline that is as far away as a clock can say, or as long ago, is one like any other")
    func farDeadlines() async throws {
        let fixture = try PoolFixture(maximum: 1)
        let far = ContinuousClock.now.advanced(by: .seconds(1.6e20))
        try await fixture.pool.withConnection(AcquireOptions(deadline: far)) { _ in }
        try await fixture.holding(1) {
            let ago = ContinuousClock.now.advanced(by: .seconds(-1.6e20))
            #expect(
                await fixture.poolError(of: fixture.waiter(AcquireOptions(deadline: ago)))?.code == .acquireTimedOut)
        }
        try await fixture.expectWhole()
    }

    @Test("Credentials that are valid for as long as can be said do not end the process")
    func validity() async throws {
        for validity in Self.absurd where validity > .zero {
            let fixture = try PoolFixture(maximum: 1)
            fixture.pool.setCredentials(PoolCredentials(user: "u", validFor: validity))
            try await fixture.pool.withConnection { _ in }
            try await fixture.expectWhole()
        }
    }
}
