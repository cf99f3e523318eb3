internal import PoolSQL

/// The results of a statement in their order. Usually there is one, which needs no array.
struct Results: Sendable {
    private var earlier: [MySQLResultSet] = []
    private var last: MySQLResultSet?

    mutating func append(_ next: consuming MySQLResultSet) {
        if let before = last.take() { earlier.append(before) }
        last = next
    }

    /// Takes the rows of the first result that has any.
    mutating func takeFirstRows() -> SQLRows {
        let first = earlier.first { $0.columnCount > 0 } ?? last.take()
        return first?.rows ?? SQLRows(columns: SQLColumns(names: []), values: [])
    }

    var all: [MySQLResultSet] { earlier + (last.map { [$0] } ?? []) }
    var areSeveral: Bool { !earlier.isEmpty }
    var haveRows: Bool { last.map { $0.columnCount > 0 } ?? false || earlier.contains { $0.columnCount > 0 } }

    /// The effect of the statement as a whole: of several results, the last one's.
    var statementResult: SQLStatementResult {
        guard let last else { return SQLStatementResult(affectedRows: 0) }
        return SQLStatementResult(affectedRows: last.affectedRows, lastInsertedID: last.keyOfOnlyRow)
    }

    mutating func dropMoments() {
        earlier = earlier.map(\.withoutMoments)
        last = last?.withoutMoments
    }
}
