import PoolTesting
import Testing

@testable import PoolCore

@Suite("The configuration")
struct PoolConfigurationTests {
    /// A value that breaks a rule, and the property that the error must name.
    struct BadValue: Sendable, CustomTestStringConvertible {
        let property: String
        let value: String
        let make: @Sendable () throws -> PoolConfiguration
        var testDescription: String { "\(property) = \(value)" }

        init(
            _ property: String, _ value: String, _ make: @autoclosure @escaping @Sendable () throws -> PoolConfiguration
        ) {
            (self.property, self.value, self.make) = (property, value, make)
        }
    }

    static let badValues = [
        BadValue("name", "", try PoolConfiguration(name: "")),
        BadValue("maximumConnections", "0", try PoolConfiguration(maximumConnections: 0)),
        BadValue("maximumConnections", "-1", try PoolConfiguration(maximumConnections: -1)),
        BadValue("maximumConnections", "1000001", try PoolConfiguration(maximumConnections: 1_000_001)),
        BadValue("minimumConnections", "-1", try PoolConfiguration(minimumConnections: -1)),
        BadValue("minimumConnections", "11", try PoolConfiguration(minimumConnections: 11)),
        BadValue("minimumIdle", "-1", try PoolConfiguration(minimumIdle: -1)),
        BadValue("minimumIdle", "11", try PoolConfiguration(minimumIdle: 11)),
        BadValue("growthIncrement", "0", try PoolConfiguration(growthIncrement: 0)),
        BadValue("maximumConnectionsPerShard", "0", try PoolConfiguration(maximumConnectionsPerShard: 0)),
        BadValue("maximumConnectionsPerShard", "11", try PoolConfiguration(maximumConnectionsPerShard: 11)),
        BadValue("maximumUses", "0", try PoolConfiguration(maximumUses: 0)),
        BadValue("statementCacheCapacity", "-1", try PoolConfiguration(statementCacheCapacity: -1)),
        BadValue("maximumWaiters", "-1", try PoolConfiguration(maximumWaiters: -1)),
        BadValue("acquireTimeout", "0.0 seconds", try PoolConfiguration(acquireTimeout: .zero)),
        BadValue("connectTimeout", "-1.0 seconds", try PoolConfiguration(connectTimeout: .seconds(-1))),
        BadValue("concurrentConnects", "0", try PoolConfiguration(concurrentConnects: 0)),
        BadValue("validateAfterIdle", "-1.0 seconds", try PoolConfiguration(validateAfterIdle: .seconds(-1))),
        BadValue("validationTimeout", "0.0 seconds", try PoolConfiguration(validationTimeout: .zero)),
        BadValue("resetTimeout", "0.0 seconds", try PoolConfiguration(resetTimeout: .zero)),
        BadValue("idleTimeout", "0.0 seconds", try PoolConfiguration(idleTimeout: .zero)),
        BadValue("maximumLifetime", "0.0 seconds", try PoolConfiguration(maximumLifetime: .zero)),
        BadValue("lifetimeJitter", "-0.1", try PoolConfiguration(lifetimeJitter: -0.1)),
        BadValue("lifetimeJitter", "0.6", try PoolConfiguration(lifetimeJitter: 0.6)),
        BadValue("lifetimeJitter", "nan", try PoolConfiguration(lifetimeJitter: .nan)),
        BadValue("initialBackoff", "0.0 seconds", try PoolConfiguration(initialBackoff: .zero)),
        BadValue("maximumBackoff", "0.05 seconds", try PoolConfiguration(maximumBackoff: .milliseconds(50))),
        BadValue("leakWarning", "0.0 seconds", try PoolConfiguration(leakWarning: .zero)),
    ]

    @Test("A value that breaks its rule throws an error that names property, value and rule", arguments: badValues)
    func badValue(bad: BadValue) throws {
        let error = try #require(throws: PoolConfigurationError.self) { _ = try bad.make() }
        #expect(error.property == bad.property)
        #expect(error.value == bad.value)
        #expect(error.rule.hasPrefix("must "))
        #expect(error.description == "\(bad.property) is \(bad.value), but \(error.rule)")
    }

    @Test("The values at the limits of their rules are taken as they are")
    func limits() throws {
        let configuration = try PoolConfiguration(
            name: "p", maximumConnections: 1_000_000, minimumConnections: 1_000_000, maximumWaiters: 0,
            acquireTimeout: .nanoseconds(1), concurrentConnects: 1, validateAfterIdle: .zero, idleTimeout: nil,
            maximumLifetime: nil, lifetimeJitter: 0.5, initialBackoff: .seconds(1), maximumBackoff: .seconds(1))
        #expect(configuration.maximumConnections == 1_000_000)
        #expect(configuration.minimumConnections == 1_000_000)
        #expect(configuration.maximumWaiters == 0)
        #expect(configuration.lifetimeJitter == 0.5)
        #expect(try PoolConfiguration(maximumConnections: 1).maximumConnections == 1)
    }

    @Test("The statistics' text shows each property but the name, by its name")
    func lines() throws {
        let configuration = try PoolConfiguration()
        let properties = Mirror(reflecting: configuration).children.compactMap(\.label)
        #expect(Set(configuration.lines.map(\.0)) == Set(properties).subtracting(["name"]))
    }

    @Test("The defaults are those that are documented")
    func defaults() throws {
        let configuration = try PoolConfiguration()
        #expect(configuration.maximumConnections == 10)
        #expect(configuration.minimumConnections == 0)
        #expect(configuration.maximumWaiters == 500)
        #expect(configuration.acquireTimeout == .seconds(30))
        #expect(configuration.connectTimeout == .seconds(10))
        #expect(configuration.concurrentConnects == 2)
        #expect(configuration.validateAfterIdle == .seconds(30))
        #expect(configuration.validationTimeout == .seconds(5))
        #expect(configuration.resetTimeout == .seconds(5))
        #expect(configuration.idleTimeout == .seconds(600))
        #expect(configuration.maximumLifetime == .seconds(1_800))
        #expect(configuration.lifetimeJitter == 0.1)
        #expect(configuration.initialBackoff == .milliseconds(100))
        #expect(configuration.maximumBackoff == .seconds(30))
        #expect(configuration.idleOrder == .lastInFirstOut)
        #expect(configuration.leakWarning == nil)
        #expect(configuration.minimumIdle == 0)
        #expect(configuration.growthIncrement == 1)
        #expect(configuration.maximumConnectionsPerShard == nil)
        #expect(configuration.maximumUses == nil)
        #expect(configuration.statementCacheCapacity == nil)
    }

    @Test(
        "Lanes that make no sense are refused",
        arguments: [
            [PoolLaneConfiguration](), [PoolLaneConfiguration(name: "none", maximumConnections: 0)],
            [PoolLaneConfiguration(name: "none", maximumConnections: -3)],
        ])
    func badLanes(lanes: [PoolLaneConfiguration]) {
        #expect(throws: PoolConfigurationError.self) {
            _ = try Pool(driver: FakeDriver(lanes: lanes), configuration: PoolConfiguration())
        }
    }
}
