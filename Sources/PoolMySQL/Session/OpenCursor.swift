@_spi(Driver) internal import PoolSQL

/// A statement in the middle of its rows, which the server sends as they are taken.
final class OpenCursor {
    enum Source {
        case prepared(Statement)
        case text(TextRows)
    }

    let number: UInt64
    let text: String
    let traits: StatementTraits
    let columns: SQLColumns
    /// The size of the latest rows, to reserve memory for the next.
    var expectedSize = 0
    private let source: Source

    init(_ source: Source, number: UInt64, text: String, traits: StatementTraits) {
        self.source = source
        self.number = number
        self.text = text
        self.traits = traits
        switch source {
        case .prepared(let statement): columns = statement.columns
        case .text(let rows): columns = rows.columns
        }
    }

    /// Appends up to `limit` rows. False if there are no more.
    func take(_ limit: Int, into rows: inout SQLRowsBuilder, _ zone: SessionZone) throws -> Bool {
        switch source {
        case .prepared(let statement): return try statement.take(limit, into: &rows, zone)
        case .text(let source):
            for _ in 0..<limit where try !source.next(into: &rows, zone) { return false }
            return true
        }
    }

    /// Frees libmariadb's part of the result, after all rows were taken, or have failed.
    func finish() {
        if case .prepared(let statement) = source { statement.freeResult() }
    }
}
