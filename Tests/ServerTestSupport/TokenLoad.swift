public import PoolSQL
import PoolTesting

/// A call whose answer only its own token explains.
public protocol TokenCall: Sendable {
    associatedtype Driver: SQLDriver
    associatedtype Kind: CaseIterable, Hashable, Sendable

    var kind: Kind { get }
    /// A number that no other call of the load has.
    var token: Int { get }
    /// True if a call that succeeds has left its token in the table `ledger`.
    var isLedgerEntry: Bool { get }

    /// - Throws: ``WrongAnswer`` for an answer that is another's.
    func run(on pool: Pool<Driver>, isCancelled: Bool) async throws

    /// The name of an error with which a call may end; nil for all others, and for the server's own word for a cancel,
    /// which must never get out.
    static func name(of error: any Error) -> String?
}

/// An answer that is not the call's own.
public struct WrongAnswer: Error {
    public let text: String
}

extension TokenCall {
    public func expect(_ answers: [Int], _ expected: [Int]) throws {
        if answers != expected { throw WrongAnswer(text: "\(answers.prefix(5)) for \(expected.prefix(5))") }
    }
}

/// What a load met.
public struct LoadReport: Sendable {
    /// Calls that ended with their own answer.
    public var answered = 0
    /// Calls that were cancelled, and ended with `CancellationError`.
    public var cancelled = 0
    /// Calls that were cancelled, and ended with their answer all the same.
    public var cancelledTooLate = 0
    public var driverErrors: [String: Int] = [:]
    public var poolErrors: [String: Int] = [:]
    /// What must not happen: wrong answers, errors without a name, cancels that reached another call.
    public var wrong: [String] = []
    /// The tokens whose commit was acknowledged.
    public var committed: [Int] = []

    static func += (left: inout Self, right: Self) {
        left.answered += right.answered
        left.cancelled += right.cancelled
        left.cancelledTooLate += right.cancelledTooLate
        left.driverErrors.merge(right.driverErrors, uniquingKeysWith: +)
        left.poolErrors.merge(right.poolErrors, uniquingKeysWith: +)
        left.wrong += right.wrong
        left.committed += right.committed
    }

    public var cancels: Int { cancelled + cancelledTooLate }
    public var failures: Int { driverErrors.values.reduce(0, +) + poolErrors.values.reduce(0, +) }
}

/// Tasks that ask a pool for everything that it can do, each time with a number of their own that no other answer has.
/// Some of the calls are cancelled at a random moment around their end.
public struct TokenLoad<Call: TokenCall>: Sendable {
    let pool: Pool<Call.Driver>
    let seed: UInt64
    /// So many of a hundred calls are cancelled.
    let cancelledPercentage: Int
    let makeCall: @Sendable (_ kind: Call.Kind, _ token: Int, _ task: Int) -> Call

    public init(
        pool: Pool<Call.Driver>, seed: UInt64, cancelledPercentage: Int,
        makeCall: @escaping @Sendable (_ kind: Call.Kind, _ token: Int, _ task: Int) -> Call
    ) {
        self.pool = pool
        self.seed = seed
        self.cancelledPercentage = cancelledPercentage
        self.makeCall = makeCall
    }

    /// Runs until `isOver` says so, which is asked before each call and told of all cancels so far.
    ///
    /// - Parameter number: A second run on the same tables begins where the first cannot have come to.
    public func run(
        tasks: Int, from number: Int = 0, until isOver: @escaping @Sendable (_ cancels: Int) -> Bool
    ) async -> LoadReport {
        let cancels = Counter()
        return await withTaskGroup(of: LoadReport.self) { group in
            for task in 1...tasks {
                group.addTask {
                    var report = LoadReport()
                    var random = SeededRandom(seed: seed &+ UInt64(task))
                    var worker = Worker(load: self, task: task)
                    worker.number = number
                    while !isOver(cancels.value) {
                        let before = report.cancels
                        await worker.step(&report, &random)
                        cancels.add(report.cancels - before)
                    }
                    return report
                }
            }
            return await group.reduce(into: LoadReport()) { $0 += $1 }
        }
    }

    /// The tokens whose commit was acknowledged, and that the table `ledger` does not have.
    public func lostCommits(_ report: LoadReport) async throws -> Set<Int> {
        let options = AcquireOptions(timeout: .seconds(30))
        return Set(report.committed).subtracting(
            try await pool.query("SELECT token FROM ledger", options).decode(Int.self))
    }
}

/// One task of a load.
private struct Worker<Call: TokenCall> {
    let load: TokenLoad<Call>
    let task: Int
    var number = 0
    /// How long a call of each kind takes: the moments of cancels are chosen around that.
    var usual: [Call.Kind: Duration] = [:]

    init(load: TokenLoad<Call>, task: Int) {
        self.load = load
        self.task = task
    }

    mutating func step(_ report: inout LoadReport, _ random: inout SeededRandom) async {
        number += 1
        guard let kind = Call.Kind.allCases.randomElement(using: &random) else { return }
        let call = load.makeCall(kind, task * 1_000_000_000 + number, task)
        let isCancelled = Int.random(in: 0..<100, using: &random) < load.cancelledPercentage
        let start = ContinuousClock.now
        let pool = load.pool
        let running = Task { try await call.run(on: pool, isCancelled: isCancelled) }
        if isCancelled {
            let moment = start + usual[kind, default: .milliseconds(1)] * Double.random(in: 0...1.3, using: &random)
            while ContinuousClock.now < moment { await Task.yield() }
            running.cancel()
        }
        let outcome = await running.result
        if !isCancelled { usual[kind] = (usual[kind, default: .milliseconds(1)] * 7 + (.now - start)) / 8 }
        note(outcome, call, isCancelled, &report)
    }

    private func note(
        _ outcome: Result<Void, any Error>, _ call: Call, _ isCancelled: Bool, _ report: inout LoadReport
    ) {
        switch outcome {
        case .success:
            report.answered += 1
            if isCancelled { report.cancelledTooLate += 1 }
            if call.isLedgerEntry { report.committed.append(call.token) }
        case .failure(is CancellationError) where isCancelled: report.cancelled += 1
        case .failure(let error as PoolError): report.poolErrors["\(error.code)", default: 0] += 1
        case .failure(let error):
            if let name = Call.name(of: error) {
                report.driverErrors[name, default: 0] += 1
            } else {
                report.wrong.append("\(call.kind), cancelled: \(isCancelled): \(error)")
            }
        }
    }
}
