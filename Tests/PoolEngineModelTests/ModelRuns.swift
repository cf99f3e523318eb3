import Dispatch
import Foundation
import Synchronization

/// Random runs of one kind, one after the other, with the seed and the number of steps that the environment says.
struct ModelRuns: Sendable {
    let kind: String
    let steps: Int
    /// A thread of their own: on Swift's they would hold up every other test, and on more they would take too much of
    /// the machine.
    private let queue: DispatchQueue

    private static let environment = ProcessInfo.processInfo.environment

    /// `POOL_TEST_STEPS` makes the runs longer or shorter.
    init(_ kind: String, steps: Int) {
        self.kind = kind
        self.steps = Self.environment["POOL_TEST_STEPS"].flatMap { Int($0) } ?? steps
        queue = DispatchQueue(label: kind)
    }

    /// Without `POOL_TEST_SEED` each run has a seed of its own that never changes, so that no change fails by chance.
    /// A number repeats a run, and `random` chooses: `Scripts/campaign` does.
    private static func seed(of number: Int) -> UInt64 {
        guard let wanted = environment["POOL_TEST_SEED"] else { return 1_000 + UInt64(number) }
        return UInt64(wanted) ?? .random(in: 1...1_000_000_000)
    }

    /// Runs the body with the seed of the run that has the number among those of its kind.
    func perform(
        _ number: Int, _ name: String, _ body: @escaping @Sendable (_ seed: UInt64) throws -> Void
    ) async throws {
        let seed = Self.seed(of: number)
        // Printed before the run: an assertion of the engine itself would end the process.
        print("\(kind): \(name), POOL_TEST_SEED=\(seed), \(steps) steps")
        do {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Result { try body(seed) }) }
            }
        } catch {
            let problem = (error as? EngineRunFailure)?.problem ?? "\(error)"
            LastLines.add("\(kind) failed: \(name), POOL_TEST_SEED=\(seed): \(problem)")
            throw error
        }
    }
}

/// What the process prints when it ends, after the summary of the tests: the tail of a log is what people see.
private enum LastLines {
    private static let lines = Mutex<[String]>([])

    static func add(_ line: String) {
        let isFirst = lines.withLock { lines in
            lines.append(line)
            return lines.count == 1
        }
        guard isFirst else { return }
        atexit {
            for line in LastLines.lines.withLock({ $0 }) { print(line) }
        }
    }
}
