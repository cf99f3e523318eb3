import Foundation
import PoolCore
import PoolPostgres
import PoolTesting
import Synchronization
import Testing

/// `POOL_CAMPAIGN=full` makes the long tests as long as they are meant to be; otherwise they are short.
let isFullCampaign = ProcessInfo.processInfo.environment["POOL_CAMPAIGN"] == "full"

/// Tasks that ask a pool for everything that it can do, each time with a number of their own that no other answer has. Some of the
/// calls are cancelled at a random moment around their end.
struct TokenLoad: Sendable {
    let pool: PostgresPool
    /// Sends the notifications: those who listen hold their leases meanwhile.
    let notifier: PostgresPool
    let seed: UInt64
    /// So many of a hundred calls are cancelled.
    let cancelledPercentage: Int

    /// What a load met.
    struct Found: Sendable {
        /// Calls that ended with their own answer.
        var answered = 0
        /// Calls that were cancelled, and ended with `CancellationError`.
        var cancelled = 0
        /// Calls that were cancelled, and ended with their answer all the same.
        var cancelledTooLate = 0
        var postgresErrors: [String: Int] = [:]
        var poolErrors: [String: Int] = [:]
        /// What must not happen: wrong answers, errors without a name, cancels that reached another call.
        var wrong: [String] = []
        /// The tokens whose commit was acknowledged.
        var committed: [Int] = []

        static func += (left: inout Self, right: Self) {
            left.answered += right.answered
            left.cancelled += right.cancelled
            left.cancelledTooLate += right.cancelledTooLate
            left.postgresErrors.merge(right.postgresErrors, uniquingKeysWith: +)
            left.poolErrors.merge(right.poolErrors, uniquingKeysWith: +)
            left.wrong += right.wrong
            left.committed += right.committed
        }

        var cancels: Int { cancelled + cancelledTooLate }
        var failures: Int { postgresErrors.values.reduce(0, +) + poolErrors.values.reduce(0, +) }
    }

    struct WrongAnswer: Error {
        let text: String
    }

    static func createTables(_ pool: PostgresPool) async throws {
        try await pool.withConnection { lease in
            try await lease.executeScript(
                """
                DROP TABLE IF EXISTS ledger, copied;
                CREATE TABLE ledger (token int8 PRIMARY KEY);
                CREATE TABLE copied (token int8);
                """)
        }
    }

    /// Runs until `isOver` says so, which is asked before each call and told of all cancels so far.
    func run(tasks: Int, until isOver: @escaping @Sendable (_ cancels: Int) -> Bool) async -> Found {
        let cancels = Counter()
        return await withTaskGroup(of: Found.self) { group in
            for task in 1...tasks {
                group.addTask {
                    var found = Found()
                    var random = SeededRandom(seed: seed &+ UInt64(task))
                    var worker = Worker(pool: pool, notifier: notifier, task: task)
                    while !isOver(cancels.value) {
                        let before = found.cancels
                        await worker.step(&found, &random, cancelledPercentage)
                        cancels.add(found.cancels - before)
                    }
                    return found
                }
            }
            return await group.reduce(into: Found()) { $0 += $1 }
        }
    }

    /// Nothing that was acknowledged is lost, and nothing is there twice.
    func expectLedger(_ found: Found) async throws {
        let kept = try await pool.query("SELECT token FROM ledger", AcquireOptions(timeout: .seconds(30))).decode(
            Int.self)
        let lost = Set(found.committed).subtracting(kept)
        #expect(lost.isEmpty, "\(lost.count) acknowledged commits are lost")
        #expect(Set(found.committed).count == found.committed.count)
    }
}

/// A number that many tasks add to.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add(_ number: Int) { count.add(number, ordering: .relaxed) }
}

/// One task of a load.
private struct Worker {
    let pool: PostgresPool
    let notifier: PostgresPool
    let task: Int
    var number = 0
    /// How long a call of each kind takes: the moments of cancels are chosen around that.
    var usual: [TokenCall.Kind: Duration] = [:]

    init(pool: PostgresPool, notifier: PostgresPool, task: Int) {
        self.pool = pool
        self.notifier = notifier
        self.task = task
    }

    mutating func step(_ found: inout TokenLoad.Found, _ random: inout SeededRandom, _ percentage: Int) async {
        number += 1
        let kind = TokenCall.Kind.allCases.randomElement(using: &random) ?? .text
        let call = TokenCall(
            kind: kind, token: task * 1_000_000_000 + number, channel: "channel_\(task)",
            notifier: notifier)
        let isCancelled = Int.random(in: 0..<100, using: &random) < percentage
        let start = ContinuousClock.now
        let pool = pool
        let running = Task { try await call.run(on: pool, waitsForever: isCancelled && kind == .listen) }
        if isCancelled {
            let moment = start + usual[kind, default: .milliseconds(1)] * Double.random(in: 0...1.3, using: &random)
            while ContinuousClock.now < moment { await Task.yield() }
            running.cancel()
        }
        let outcome = await running.result
        if !isCancelled { usual[kind] = (usual[kind, default: .milliseconds(1)] * 7 + (.now - start)) / 8 }
        note(outcome, call, isCancelled, &found)
    }

    private func note(
        _ outcome: Result<Void, any Error>, _ call: TokenCall, _ isCancelled: Bool, _ found: inout TokenLoad.Found
    ) {
        switch outcome {
        case .success:
            found.answered += 1
            if isCancelled { found.cancelledTooLate += 1 }
            if call.kind == .transaction { found.committed.append(call.token) }
        case .failure(is CancellationError) where isCancelled: found.cancelled += 1
        // The server's own word for it must never get out.
        case .failure(let error as PostgresError) where error.code != .queryCanceled:
            found.postgresErrors["\(error.code)", default: 0] += 1
        case .failure(let error as PoolError): found.poolErrors["\(error.code)", default: 0] += 1
        case .failure(let error): found.wrong.append("\(call.kind), cancelled: \(isCancelled): \(error)")
        }
    }
}

/// A call whose answer only its own token explains.
private struct TokenCall: Sendable {
    enum Kind: CaseIterable, Sendable {
        case text, prepared, stream, stopped, batch, manyBinds, transaction, copyIn, copyOut, listen, lock
    }

    let kind: Kind
    let token: Int
    let channel: String
    let notifier: PostgresPool

    func expect(_ answers: [Int], _ expected: [Int]) throws {
        if answers != expected { throw TokenLoad.WrongAnswer(text: "\(answers.prefix(5)) for \(expected.prefix(5))") }
    }

    func run(on pool: PostgresPool, waitsForever: Bool) async throws {
        switch kind {
        case .text: try expect(await pool.query("SELECT \(raw: "\(token)")::int8").decode(Int.self), [token])
        case .prepared:
            let answer = try await pool.query("SELECT \(token)::int8, pg_sleep(0.0005)").map { try $0[0, as: Int.self] }
            try expect(answer, [token])
        case .stream, .stopped: try await stream(pool)
        case .batch: try await batch(pool)
        case .manyBinds: try await manyBinds(pool)
        case .transaction:
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO ledger VALUES (\(token))")
                let answer = try await transaction.query("SELECT token FROM ledger WHERE token = \(token)")
                try expect(answer.decode(Int.self), [token])
            }
        case .copyIn, .copyOut: try await copy(pool)
        case .listen: try await listen(pool, waitsForever)
        case .lock:
            try await pool.withConnection { lease async throws in
                try await lease.withAdvisoryLock(Int64(token)) { lease async throws in
                    try expect(await lease.query("SELECT \(token)::int8").decode(Int.self), [token])
                }
            }
        }
    }

    private func stream(_ pool: PostgresPool) async throws {
        let last = token + (kind == .stream ? 300 : 100_000)
        let stop = token + 300
        try await pool.withConnection { lease async throws in
            try await lease.stream("SELECT generate_series(\(token)::int8, \(last)::int8)") { rows async throws in
                var next = token
                while next <= stop, let row = try await rows.next() {
                    try expect([row[0, as: Int.self]], [next])
                    next += 1
                }
                try expect([next], [stop + 1])
            }
        }
    }

    private func batch(_ pool: PostgresPool) async throws {
        try await pool.withConnection { lease async throws in
            let results = try await lease.batch([
                "SELECT \(token)::int8", "SELECT \(token + 1)::int8, pg_sleep(0.0003)", "SELECT \(token + 2)::int8",
            ])
            try expect(results.map { try $0.get()[0][0, as: Int.self] }, [token, token + 1, token + 2])
        }
    }

    private func manyBinds(_ pool: PostgresPool) async throws {
        try await pool.withTransaction { transaction async throws in
            let results = try await transaction.executeBatch(
                "INSERT INTO copied VALUES (\(.parameter))", (0..<20).map { _ in token })
            try expect(results.map(\.affectedRows), Array(repeating: 1, count: 20))
            let answer = try await transaction.query("SELECT count(*) FROM copied WHERE token = \(token)")
            try expect(answer.decode(Int.self), [20])
            try await transaction.execute("DELETE FROM copied WHERE token = \(token)")
        }
    }

    private func copy(_ pool: PostgresPool) async throws {
        try await pool.withConnection { lease async throws in
            if kind == .copyIn {
                let count = try await lease.copyIn("COPY copied FROM STDIN") { writer async throws in
                    for _ in 0..<50 { try await writer.write("\(token)\n") }
                }
                try expect([count], [50])
                return
            }
            let statement: SQL = "COPY (SELECT generate_series(\(raw: "\(token), \(token)") + 2000)) TO STDOUT"
            let lines = try await lease.copyOut(statement) { reader async throws in
                var lines: [Int] = []
                while let line = try await reader.next() {
                    lines += [Int(String(decoding: line.dropLast(), as: UTF8.self)) ?? -1]
                }
                return lines
            }
            try expect(lines, Array(token...(token + 2000)))
        }
    }

    private func listen(_ pool: PostgresPool, _ waitsForever: Bool) async throws {
        try await pool.withConnection { lease async throws in
            try await lease.listen(to: [channel]) { notifications async throws in
                if !waitsForever {
                    _ = try await notifier.query("SELECT pg_notify(\(channel), \("\(token)"))")
                }
                try expect([Int(try await notifications.next().payload) ?? -1], [token])
            }
        }
    }
}
