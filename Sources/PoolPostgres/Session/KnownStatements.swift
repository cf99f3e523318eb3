@_spi(Driver) internal import PoolSQL

/// The most recently used statements of a session, including those that the server keeps prepared.
struct KnownStatements {
    /// The largest number of statements that the server keeps prepared.
    private let limit: StatementCacheCapacity
    var capacity: Int { namesStatements ? limit.value : 0 }
    /// False if no statements are kept by name: the session may use another server session with each transaction.
    var namesStatements = true
    /// True if other clients use the server's session in between: they may need its prepared statements.
    var isShared = false
    /// The largest number of known statements. The shapes are worth keeping even without prepared statements.
    private var textCapacity: Int { max(capacity, 100) }
    private var statements: [StatementKey: KnownStatement] = [:]
    private var latest: KnownStatement?
    /// A few statements that have a source, which find them without a rendered text and its hash.
    private var recent: [KnownStatement] = []
    private static let recentCapacity = 8
    private var nextRecent = 0
    private var texts = UseOrder<KnownStatement>()
    private var names = UseOrder<KnownStatement>()
    /// The statements by the names that they have on the server.
    private var owners: [String: KnownStatement] = [:]
    /// True if a statement takes a type that was made in the database.
    private var hasOwnTypes = false
    /// The prepared statements that the server still has, and that are no longer needed.
    private(set) var unneeded: [String] = []
    /// The statement that was sent last.
    private(set) var running: KnownStatement?

    init(limit: StatementCacheCapacity) {
        self.limit = limit
    }

    /// The statement for `sql`, if it ran recently.
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

    /// Notes that the text in the server's dialect was rendered from `sql`.
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

    /// The statement for `text`, new if it is unknown. The code that runs it counts the use.
    mutating func statement(_ text: String) -> KnownStatement {
        while names.count > capacity, let oldest = names.leastUsed { release(oldest) }
        // Most programs repeat the same statement: comparing is cheaper than hashing.
        if let latest, latest.text.utf8.hasSameBytes(as: text.utf8) { return latest }
        let statement = statements[StatementKey(text)] ?? add(KnownStatement(text))
        texts.touch(statement.textPlace)
        latest = statement
        return statement
    }

    private mutating func add(_ statement: KnownStatement) -> KnownStatement {
        while texts.count >= textCapacity, let oldest = texts.leastUsed { drop(oldest) }
        statement.textPlace = texts.insert(statement)
        statements[StatementKey(statement.text)] = statement
        return statement
    }

    /// The statement with types that values have decided, new if it is unknown.
    mutating func variant(of base: KnownStatement, types: [UInt32]) -> KnownStatement {
        if let known = base.variants.first(where: { $0.types == types }) { return known }
        // One for each combination of types. More than a few arise only from values of very different kinds.
        if base.variants.count >= 8 { release(base.variants.removeFirst()) }
        let variant = KnownStatement(base, types: types)
        base.variants.append(variant)
        return variant
    }

    /// Notes that `statement` is sent now.
    mutating func noteRun(of statement: KnownStatement, runs: Int) {
        statement.useCount += runs
        if statement.name != nil { names.touch(statement.namePlace) }
        running = statement
    }

    // MARK: What the server keeps

    /// The name under which the server can keep the statement; nil while its parameters and columns are unknown. If
    /// the server keeps its maximum, the least recently used statement becomes unneeded.
    mutating func makeRoom(for statement: KnownStatement) -> StatementName? {
        guard let shape = statement.shape else { return nil }
        makeRoom()
        return StatementName(of: statement.text, shape)
    }

    /// Keeps the server's description of a statement, which the server keeps prepared if there is a name.
    mutating func learn(_ shape: StatementShape, of statement: KnownStatement, name: StatementName?) {
        // The prepared statement takes or returns something else.
        if let kept = statement.name, !kept.shape.isEqual(to: shape) { release(statement) }
        statement.shape = shape
        if shape.takesOwnTypes { hasOwnTypes = true }
        guard let name else { return }
        if name.shape.isEqual(to: shape) { keep(statement, name) } else { noteUnneeded(name) }
    }

    /// Notes that the server keeps the statement under its name.
    mutating func keep(_ statement: KnownStatement, _ name: StatementName) {
        release(statement)
        // The owner is the same text with the same types, which other values have decided.
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

    /// Notes that the server keeps a statement that is not needed.
    mutating func noteUnneeded(_ name: StatementName) {
        if !isShared, owners[name.text] == nil, !unneeded.contains(name.text) { unneeded.append(name.text) }
    }

    mutating func takeUnneeded() -> [String] {
        defer { unneeded = [] }
        return unneeded
    }

    /// Treats the statement as not prepared: it must be used a few times to be prepared again. Its shape stays,
    /// because a batch may be using it.
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
        statements[StatementKey(statement.text)] = nil
        release(statement)
        for variant in statement.variants { release(variant) }
        if latest === statement { latest = nil }
        if statement.source != nil { forgetSources() }
    }

    private mutating func forgetSources() {
        for statement in recent { statement.source = nil }
        (recent, nextRecent) = ([], 0)
    }

    /// Forgets a text, with all variants that values have made of it.
    mutating func forget(_ text: String) {
        if let statement = statements[StatementKey(text)] { drop(statement) }
    }

    /// Forgets own types after their names may have come to mean others.
    mutating func forgetOwnTypes() {
        if !hasOwnTypes { return }
        hasOwnTypes = false
        for statement in statements.values {
            let all = statement.variants + [statement]
            if all.contains(where: { $0.shape?.takesOwnTypes == true }) { forget(statement.text) }
        }
    }

    /// Forgets everything after the server has dropped all prepared statements.
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
