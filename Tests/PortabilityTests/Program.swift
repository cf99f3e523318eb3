import PoolSQL

/// Code that is compiled once and knows no database. It notes what it sees.
protocol Program: Sendable, CustomStringConvertible {
    /// Dropped before the program runs, in this order.
    var tables: [String] { get }
    /// What it must see, on each database.
    var expected: [String] { get }

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws
}

extension Program {
    var description: String { "\(Self.self)" }
}

/// What a program has seen.
struct Transcript: Sendable {
    private(set) var lines: [String] = []

    mutating func note(_ what: String, _ value: some Any) {
        lines.append("\(what): \(value)")
    }

    /// Notes what kind of error comes out, and that one comes.
    mutating func noteError(_ what: String, _ dialect: Dialect, _ body: () async throws -> Void) async {
        do {
            try await body()
            note(what, "no error")
        } catch let error as SQLStatementError {
            note(what, error.code)
        } catch let error as SQLDecodingError {
            note(what, error.code)
        } catch is CancellationError {
            note(what, "cancelled")
        } catch is Refused {
            note(what, "refused")
        } catch {
            note(what, dialect.violation(error)?.rawValue ?? "\(error)")
        }
    }
}

/// What a program throws to undo what it did.
struct Refused: Error {}
