internal import PoolCore

/// What a statement takes and returns.
struct StatementShape {
    let parameterTypes: [UInt32]
    let columns: Columns
    let readers: [ColumnReader]
    /// True if all columns can be read in binary: libpq asks for one form for all.
    let isBinary: Bool

    init(parameterTypes: [UInt32], names: [String], types: [UInt32]) {
        self.parameterTypes = parameterTypes
        columns = Columns(names: names)
        readers = types.map { ColumnReader(type: $0) }
        isBinary = types.allSatisfy { ColumnReader.readsBinary($0) }
    }
}

/// A statement that the session knows.
final class KnownStatement {
    /// Types that the application's values decide, because the server cannot: 0 where the server knows. Empty if it knows all.
    struct Key: Hashable {
        let text: String
        let types: [UInt32]

        /// By bytes: texts that Swift takes for equal, the same letters composed in different ways, are two statements.
        static func == (left: Self, right: Self) -> Bool {
            left.types == right.types && left.text.utf8.elementsEqual(right.text.utf8)
        }
    }

    let key: Key
    let traits: StatementTraits
    /// Nil until the server was asked.
    var shape: StatementShape?
    /// The name of the prepared statement on the server; nil if it is not prepared.
    var name: String?
    var useCount = 0
    fileprivate var latestUse: UInt64 = 0

    init(_ key: Key) {
        self.key = key
        traits = StatementTraits(of: key.text)
    }
}

/// The statements of a session that were used last.
struct StatementCache {
    let capacity: Int
    private var statements: [KnownStatement.Key: KnownStatement] = [:]
    private var clock: UInt64 = 0
    private var latestName: UInt64 = 0
    /// Prepared statements that the server still has, and nobody needs.
    private(set) var unneeded: [String] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The statement, which is new if it was not there. Whoever runs it counts the use.
    mutating func statement(_ text: String, types: [UInt32] = []) -> KnownStatement {
        clock += 1
        let key = KnownStatement.Key(text: text, types: types)
        if let known = statements[key] {
            known.latestUse = clock
            return known
        }
        if statements.count >= capacity, let oldest = statements.values.min(by: { $0.latestUse < $1.latestUse }) {
            forget(oldest)
        }
        let statement = KnownStatement(key)
        statement.latestUse = clock
        statements[key] = statement
        return statement
    }

    /// Drops a statement, and what the server has of it.
    mutating func forget(_ statement: KnownStatement) {
        if let name = statement.name { unneeded.append(name) }
        statement.name = nil
        statement.shape = nil
        if statements[statement.key] === statement { statements[statement.key] = nil }
    }

    /// Drops all statements of a text, whatever their types.
    mutating func forget(where text: String) {
        for statement in statements.values where statement.key.text == text { forget(statement) }
    }

    /// After the server has dropped all prepared statements.
    mutating func removeAll() {
        statements = [:]
        unneeded = []
    }

    mutating func nextName() -> String {
        latestName += 1
        return "pool_\(latestName)"
    }

    mutating func takeUnneeded() -> [String] {
        defer { unneeded = [] }
        return unneeded
    }
}
