@_spi(Driver) internal import PoolCore

/// A statement that the session knows.
final class KnownStatement {
    let text: String
    /// The types that the application's values have decided, 0 where the server decides. Empty if it decides all.
    let types: [UInt32]
    let traits: StatementTraits
    /// Nil until the server was asked.
    var shape: StatementShape?
    /// The name of the prepared statement on the server; nil if it is not prepared.
    fileprivate(set) var name: StatementName?
    var useCount = 0
    /// How much memory the rows of the latest run took, for those of the next.
    var expectedSize = 0
    /// The places of the parameters whose types the server cannot tell, so that the values must.
    var undetermined: Set<Int> = []
    /// The same text with types that values have decided.
    fileprivate(set) var variants: [KnownStatement] = []
    /// Where the cache has it.
    fileprivate var textPlace = 0
    fileprivate var namePlace = 0
    private let isASCII: Bool
    /// What the application wrote, without values, that was rendered to the text last.
    fileprivate(set) var source: SQL?

    init(_ text: String) {
        self.text = text
        isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        types = []
        traits = StatementTraits(of: text)
    }

    /// The same statement with other types, and as if the server had not been asked about it.
    init(_ statement: KnownStatement, types: [UInt32]) {
        text = statement.text
        isASCII = statement.isASCII
        self.types = types
        traits = statement.traits
    }

    /// Compares the bytes: Swift takes strings for equal that are written with different characters, and the server
    /// does not. What is equal to a text in ASCII, and as long, has the same bytes.
    func hasText(_ other: String) -> Bool {
        text == other && text.utf8.count == other.utf8.count && (isASCII || text.utf8.elementsEqual(other.utf8))
    }
}

/// The statements of a session that were used last, and those among them that the server keeps prepared.
struct StatementCache {
    /// How many the server keeps prepared.
    private let limit: StatementCacheCapacity
    var capacity: Int { namesStatements ? limit.value : 0 }
    /// False where nothing is to be kept by name: the session may have another server session with each transaction.
    var namesStatements = true
    /// True if other clients use the server's session in between: they may need what is prepared there.
    var isShared = false
    /// How many are known at all. Without prepared statements the shapes are still worth keeping.
    private var textCapacity: Int { max(capacity, 100) }
    private var statements: [String: KnownStatement] = [:]
    private var latest: KnownStatement?
    /// A few that have a source, to be found by it: that needs neither a text in the server's dialect nor its hash.
    private var recent: [KnownStatement] = []
    private static let recentCapacity = 8
    private var nextRecent = 0
    private var texts = UseOrder()
    private var names = UseOrder()
    /// Whose names they are.
    private var owners: [String: KnownStatement] = [:]
    /// True if a statement takes a type that was made in the database.
    private var hasOwnTypes = false
    /// Prepared statements that the server still has, and nobody needs.
    private(set) var unneeded: [String] = []
    /// What was sent last.
    private(set) var running: KnownStatement?

    init(limit: StatementCacheCapacity) {
        self.limit = limit
    }

    /// The statement, if it is one of those that ran last.
    mutating func statement(_ sql: SQL) -> KnownStatement? {
        if let latest, let source = latest.source, sql.rendersAs(source) { return latest }
        for statement in recent where statement !== latest {
            guard let source = statement.source, sql.rendersAs(source) else { continue }
            texts.touch(statement.textPlace)
            latest = statement
            return statement
        }
        return nil
    }

    /// The text in the server's dialect was rendered from `sql`.
    mutating func note(_ sql: SQL, _ text: String) {
        let statement = statement(text)
        if statement.source == nil {
            if recent.count < Self.recentCapacity {
                recent.append(statement)
            } else {
                recent[nextRecent].source = nil
                recent[nextRecent] = statement
                nextRecent = (nextRecent + 1) % Self.recentCapacity
            }
        }
        statement.source = sql.withoutValues
    }

    /// The statement, which is new if it was not there. Whoever runs it counts the use.
    mutating func statement(_ text: String) -> KnownStatement {
        while names.count > capacity, let oldest = names.leastUsed { release(oldest) }
        // Most programs run the same statement many times: to compare is cheaper than to hash.
        if let latest, latest.hasText(text) { return latest }
        var known = statements[text]
        if let found = known, !found.hasText(text) {
            forget(text)
            known = nil
        }
        let statement = known ?? add(KnownStatement(text))
        texts.touch(statement.textPlace)
        latest = statement
        return statement
    }

    private mutating func add(_ statement: KnownStatement) -> KnownStatement {
        while texts.count >= textCapacity, let oldest = texts.leastUsed { drop(oldest) }
        statement.textPlace = texts.insert(statement)
        statements[statement.text] = statement
        return statement
    }

    /// The statement with types that values have decided. It is new if it was not there.
    mutating func variant(of base: KnownStatement, types: [UInt32]) -> KnownStatement {
        if let known = base.variants.first(where: { $0.types == types }) { return known }
        // Each combination of types is one. More than a few come only from values of very different kinds.
        if base.variants.count >= 8 { release(base.variants.removeFirst()) }
        let variant = KnownStatement(base, types: types)
        base.variants.append(variant)
        return variant
    }

    /// `statement` is sent now.
    mutating func noteRun(of statement: KnownStatement, runs: Int) {
        statement.useCount += runs
        if statement.name != nil { names.touch(statement.namePlace) }
        running = statement
    }

    // MARK: What the server keeps

    /// The name under which the server can keep the statement; nil as long as nobody knows what the statement takes and
    /// returns. If the server keeps as many as it may, the least used is not needed any more.
    mutating func makeRoom(for statement: KnownStatement) -> StatementName? {
        guard let shape = statement.shape else { return nil }
        makeRoom()
        return StatementName(of: statement.text, shape)
    }

    /// The server has told of a statement, and keeps it if it has a name.
    mutating func learn(_ shape: StatementShape, of statement: KnownStatement, name: StatementName?) {
        // What is kept takes or returns something else.
        if let kept = statement.name, !kept.shape.isEqual(to: shape) { release(statement) }
        statement.shape = shape
        if shape.takesOwnTypes { hasOwnTypes = true }
        guard let name else { return }
        if name.shape.isEqual(to: shape) { keep(statement, name) } else { noteUnneeded(name) }
    }

    /// The server keeps the statement under its name.
    mutating func keep(_ statement: KnownStatement, _ name: StatementName) {
        release(statement)
        // The same text with the same types, which others values have decided.
        if let owner = owners[name.text] { release(owner) }
        makeRoom()
        unneeded.removeAll { $0 == name.text }
        statement.name = name
        statement.namePlace = names.insert(statement)
        owners[name.text] = statement
    }

    private mutating func makeRoom() {
        while names.count >= max(capacity, 1), let oldest = names.leastUsed { release(oldest) }
    }

    /// The server keeps a statement that nobody needs.
    mutating func noteUnneeded(_ name: StatementName) {
        if !isShared, owners[name.text] == nil, !unneeded.contains(name.text) { unneeded.append(name.text) }
    }

    mutating func takeUnneeded() -> [String] {
        defer { unneeded = [] }
        return unneeded
    }

    /// From now on it is not prepared, and must be used again a few times to be so. Its shape stays: a batch may be
    /// using it.
    private mutating func release(_ statement: KnownStatement) {
        guard let name = statement.name else { return }
        names.remove(statement.namePlace)
        owners[name.text] = nil
        noteUnneeded(name)
        statement.name = nil
        statement.useCount = 0
    }

    // MARK: Forgetting

    private mutating func drop(_ statement: KnownStatement) {
        texts.remove(statement.textPlace)
        statements[statement.text] = nil
        release(statement)
        for variant in statement.variants { release(variant) }
        if latest === statement { latest = nil }
        if statement.source != nil { forgetSources() }
    }

    private mutating func forgetSources() {
        for statement in recent { statement.source = nil }
        (recent, nextRecent) = ([], 0)
    }

    /// Forgets a text, with all that values have made of it.
    mutating func forget(_ text: String) {
        if let statement = statements[text] { drop(statement) }
    }

    /// After the names of types may have come to mean others.
    mutating func forgetOwnTypes() {
        if !hasOwnTypes { return }
        hasOwnTypes = false
        for statement in statements.values {
            let all = statement.variants + [statement]
            if all.contains(where: { $0.shape?.takesOwnTypes == true }) { forget(statement.text) }
        }
    }

    /// After the server has dropped all prepared statements.
    mutating func removeAll() {
        while let statement = names.leastUsed { release(statement) }
        statements = [:]
        (latest, running) = (nil, nil)
        forgetSources()
        texts.removeAll()
        names.removeAll()
        owners = [:]
        unneeded = []
    }
}
