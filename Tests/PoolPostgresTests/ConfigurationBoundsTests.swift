import Testing

@testable import PoolPostgres

@Suite("The bounds of a Postgres configuration")
struct ConfigurationBoundsTests {
    private static let outside: [Int] = [.min, -1, 10_001, .max - 1, .max]

    @Test("a number or a duration beyond either bound is refused, and named", arguments: outside)
    func numbers(value: Int) {
        refuses("statementCacheCapacity") { () throws(PoolConfigurationError) in
            try PostgresConfiguration(statementCacheCapacity: value)
        }
        refuses("prepareThreshold") { () throws(PoolConfigurationError) in
            try PostgresConfiguration(prepareThreshold: value)
        }
        refuses("eventLoops") { () throws(PoolConfigurationError) in try PostgresConfiguration(eventLoops: value) }
    }

    @Test(
        "a time-out of cancels that is nothing, negative, or longer than an hour is refused",
        arguments: [
            .zero, .nanoseconds(-1), .seconds(Int64.min), .seconds(3_601), .nanoseconds(Int64.max - 1),
            .seconds(Int64.max), .seconds(1e20), .seconds(-1e20),
        ] as [Duration])
    func cancelTimeouts(value: Duration) {
        refuses("cancelTimeout") { () throws(PoolConfigurationError) in try PostgresConfiguration(cancelTimeout: value)
        }
    }

    @Test("the bounds themselves are taken")
    func bounds() throws {
        _ = try PostgresConfiguration(
            statementCacheCapacity: 0, prepareThreshold: 1, cancelTimeout: .nanoseconds(1), eventLoops: 1)
        _ = try PostgresConfiguration(
            statementCacheCapacity: 10_000, prepareThreshold: 10_000, cancelTimeout: .seconds(3_600), eventLoops: 1_024)
    }

    @Test("require_auth is given to a libpq that has it, and an older one says since when it exists")
    func requiredAuthentication() throws {
        if ConnectionString.knownNames.contains("require_auth") {
            let configuration = try PostgresConfiguration(settings: ["require_auth": "scram-sha-256"])
            #expect(configuration.description.contains("require_auth=scram-sha-256"))
        } else {
            let error = #expect(throws: PoolConfigurationError.self) {
                try PostgresConfiguration(settings: ["require_auth": "scram-sha-256"])
            }
            #expect(error.map { "\($0)".contains("version 16 and newer have") } == true)
        }
    }

    private func refuses(
        _ property: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ make: () throws(PoolConfigurationError) -> PostgresConfiguration
    ) {
        let error = #expect(throws: PoolConfigurationError.self, sourceLocation: sourceLocation) { try make() }
        #expect(error?.property == property, sourceLocation: sourceLocation)
    }
}
