/// One requirement that every driver must meet.
public struct ConformanceCheck: Sendable, CustomStringConvertible {
    /// A sentence that is true of a driver that passes.
    public let name: String
    private let body: @Sendable () async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.body = body
    }

    public var description: String { name }

    /// Runs the check.
    ///
    /// - Throws: ``ConformanceFailure``.
    public func run() async throws {
        do {
            try await body()
        } catch let broken as BrokenExpectation {
            throw ConformanceFailure(check: name, reason: broken.reason)
        } catch {
            throw ConformanceFailure(check: name, reason: "an error that nobody expected: \(error)")
        }
    }
}

extension [ConformanceCheck] {
    /// Runs all checks, one after the other, and returns the failures.
    public func failures() async -> [ConformanceFailure] {
        var failures: [ConformanceFailure] = []
        for check in self {
            do {
                try await check.run()
            } catch let failure as ConformanceFailure {
                failures.append(failure)
            } catch {
                failures.append(ConformanceFailure(check: check.name, reason: "\(error)"))
            }
        }
        return failures
    }
}

/// The reason why a driver does not pass a check.
public struct ConformanceFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name of the check: ``ConformanceCheck/name``.
    public let check: String
    /// The expectation that was not met, or the error that was thrown.
    public let reason: String

    public var description: String { "\"\(check)\" is not true: \(reason)" }
}

/// An expectation of a check that was not met.
struct BrokenExpectation: Error {
    let reason: String
}

func expect(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
    if !condition { throw BrokenExpectation(reason: reason()) }
}

/// Runs `body`, which must fail, and returns its error.
@discardableResult
func expectError(_ what: String, _ body: () async throws -> Void) async throws -> any Error {
    do {
        try await body()
    } catch {
        return error
    }
    throw BrokenExpectation(reason: "\(what) has succeeded")
}
