@_spi(Driver) internal import PoolSQL

/// The state of one connection: the handle, its statements, the open cursor, and what is known of the server's
/// session. Used under the connection's lock, on its thread.
struct Session: ~Copyable {
    let configuration: MySQLConfiguration
    let interrupter: Interrupter
    /// The handle; nil once closed.
    private(set) var link: Link?
    /// The role that the session takes on permanently; nil for none.
    let role: String?
    let cacheLimit: StatementCacheCapacity
    var cache: StatementCache<Statement>
    let binds = BindBuffer()
    var cursor: OpenCursor?
    private var latestNumber: UInt64 = 0

    /// True from the begin until the commit or rollback of the pool's interface, whatever the server did in between.
    var isTransactionOpen = false
    /// True if something happened that ``reset()`` must undo, beyond an open transaction.
    var isChanged = false
    /// True if any statement ran since the last reset, and the configuration wants a reset for that.
    var isUsed = false
    private let resetsAlways: Bool
    /// True if something happened that no reset undoes: the connection must be closed.
    var mustGo = false
    /// True if the server keeps messages for `SHOW WARNINGS`, which may show values.
    var hasMessages = false
    /// True if tables may be locked with `LOCK TABLES`.
    var mayHoldTableLocks = false
    /// The login of the session, if its user is not the configuration's.
    var otherUser: Login? {
        didSet { interrupter.login = otherUser ?? ownLogin }
    }
    private let ownLogin: Login
    var isBroken = false
    /// The error of the server or of the link that broke the connection, if one did.
    private(set) var failure: MySQLError?
    var isGenerationBroken = false

    var zone = SessionZone.other
    /// Whether the server reports changed session variables (`session_track_system_variables`). MariaDB does not in a
    /// session that began with an empty global value, whatever the session's own is.
    var isToldOfVariables = false
    /// True if a request to stop an open stream was delivered, which may stop the next statement instead.
    private var mayBeStopped = false
    /// The largest size of a statement, in bytes.
    var maximumPacket = Int.max
    /// The silence after which the server ends the connection, in milliseconds.
    var idleLimit = Self.longestIdle * 1_000
    /// The variables that the server reports as changed since the last reset, if a reset restores them one by one.
    var changedVariables: Set<String> = []
    /// True if variables may have changed without a report from the server.
    var mayHaveUntoldVariables = false
    /// The role after a login and the init commands; empty for none, nil while it is unknown.
    var loginRole: String?
    let hasBulkExecution: Bool
    private let demotions: DemotionLimit

    init(
        _ link: Link, _ configuration: MySQLConfiguration, role: String?, _ interrupter: Interrupter,
        _ demotions: DemotionLimit
    ) throws {
        self.link = link
        self.demotions = demotions
        self.configuration = configuration
        self.role = role
        self.interrupter = interrupter
        ownLogin = Login(user: configuration.user, password: configuration.password, database: nil)
        cacheLimit = StatementCacheCapacity(configuration.statementCacheCapacity)
        cache = StatementCache(limit: cacheLimit)
        hasBulkExecution = configuration.usesBulkExecution && link.hasBulkExecution
        resetsAlways = configuration.resetPolicy == .full
        try setUp()
        if role != nil { try requireRole() }
        if role == nil { loginRole = try currentRole() }
        try readLimits()
    }

    /// True if a reset should avoid resetting the session as a whole.
    var keepsTables: Bool { configuration.temporaryTables == .kept }

    var condition: ConnectionCondition {
        guard let link, !isBroken else { return isGenerationBroken ? .generationBroken : .broken }
        let isClean =
            !link.status.contains(.inTransaction) && link.status.contains(.autocommit) && !isChanged && !isUsed
            && !hasMessages && !isTransactionOpen && cursor == nil
        return isClean ? .clean : .dirty
    }

    /// Must be called after each operation: input that is left would be taken for the answer to the next lease's
    /// statement.
    mutating func requireNothingLeft() {
        if cursor == nil, link?.isOutOfSequence == true { isBroken = true }
    }

    /// True if a transaction is open, as far as the server's latest answer tells.
    var isInTransaction: Bool { isTransactionOpen || link?.status.contains(.inTransaction) ?? false }

    /// The handle, ready for a statement.
    func open() throws -> Link {
        guard let link else { throw MySQLError.closed }
        if isBroken { throw MySQLError.closed }
        return link
    }

    mutating func nextNumber() -> UInt64 {
        latestNumber += 1
        return latestNumber
    }

    // MARK: What statements leave behind

    /// Remembers what a successful statement may have changed.
    mutating func noteSuccess(_ traits: StatementTraits, _ link: Link) {
        if traits.changesSession { noteChange(traits) }
        noteStatus(link)
        if !isToldOfVariables, traits.mayDoAnything { refreshZone(link) }
    }

    private mutating func noteChange(_ traits: StatementTraits) {
        isChanged = true
        if traits.contains(.staysForGood) { mustGo = true }
        if traits.contains(.locksTables) { mayHoldTableLocks = true }
        if traits.contains(.changesParsing) { cache.expire() }
        if !isToldOfVariables && traits.mayDoAnything { mayHaveUntoldVariables = true }
    }

    /// Reads the session's state that the server reports at the end of a statement.
    mutating func noteStatus(_ link: Link) {
        if resetsAlways { isUsed = true }
        if link.warningCount > 0 { hasMessages = true }
        guard link.status.contains(.sessionChanged) else { return }
        isChanged = true
        let variables = link.changedVariables
        if variables.contains(where: { Self.variablesForGood.contains($0.name) }) { mustGo = true }
        if keepsTables { changedVariables.formUnion(variables.lazy.map(\.name)) }
        if !variables.isEmpty || link.hasChangedDatabase { cache.expire() }
        if let name = variables.last(where: { $0.name == "time_zone" })?.value { noteZone(name) }
        if let seconds = variables.last(where: { $0.name == "wait_timeout" })?.value { noteIdleLimit(seconds) }
    }

    /// The variables whose effect no reset undoes: the list of executed statements, and the next values of `RAND()`.
    static let variablesForGood: Set<String> = ["profiling", "rand_seed1", "rand_seed2"]

    /// Remembers when the server ends a silent session, with a margin, because the server's clock began to run
    /// earlier.
    mutating func noteIdleLimit(_ text: String) {
        // With a limit of zero, which no server sends, each connection would be given up before its first use.
        guard let told = Int64(text), told > 0 else { return }
        let seconds = min(told, Self.longestIdle)
        idleLimit = seconds * 1_000 - min(seconds * 100, 5_000)
    }

    /// The largest limit of silence, in seconds. https://mariadb.com/kb/en/server-system-variables/#wait_timeout
    private static let longestIdle: Int64 = 31_536_000

    private mutating func noteZone(_ name: String) {
        if configuration.timeZone == .utc { zone = ["+00:00", "UTC", "Etc/UTC"].contains(name) ? .utc : .other }
    }

    /// The time zone of a statement's rows.
    func zone(of traits: StatementTraits) -> SessionZone { traits.contains(.changesZone) ? .other : zone }

    /// Remembers what a failed statement has left behind, and returns the error for its caller.
    mutating func noteFailure(_ error: any Error, _ traits: StatementTraits, _ text: String?) -> any Error {
        guard let error = (error as? MySQLError)?.afterConnecting() else { return error }
        let told = text.map { error.inStatement($0) } ?? error
        if error.isLocal { return told }
        if resetsAlways { isUsed = true }
        hasMessages = true
        switch error.verdict {
        case .discard: isBroken = true
        case .discardGeneration: (isBroken, isGenerationBroken) = (true, true)
        case .endpointReadOnly where demotions.mayEndGeneration(now: .now):
            (isBroken, isGenerationBroken) = (true, true)
        case .endpointReadOnly, .keep, .refused, .serverFull, .serverStarting, .statementsStale: break
        }
        if isBroken { failure = failure ?? error }
        guard let link, !isBroken else { return told }
        if traits.mayDoAnything {
            noteChange(traits)
            mayHaveUntoldVariables = true
            refreshStatus(link)
            refreshZone(link)
        } else if isTransactionOpen || link.status.contains(.inTransaction) {
            refreshStatus(link)
        }
        return told
    }

    /// Queries what a statement may have changed without a report: the server reports nothing if a statement fails.
    private mutating func refreshZone(_ link: Link) {
        cache.expire()
        guard !isBroken, configuration.timeZone == .utc else { return }
        var values: [SQLValue] = []
        do {
            try link.query("SELECT @@session.time_zone")
            values = try link.rows().allValues(zone)
        } catch {
            isBroken = true
        }
        if case .text(let name) = values.first { noteZone(name) }
    }

    /// Asks for the status: an error's answer does not say whether the transaction is still open, which it is not
    /// after a deadlock.
    mutating func refreshStatus(_ link: Link) {
        for _ in 0..<3 {
            do {
                return try link.query("DO 0")
            } catch let error as MySQLError where error.code == .queryInterrupted {
                // A request to stop the previous statement has arrived late.
                continue
            } catch {
                break
            }
        }
        isBroken = true
    }

    /// Handles what requests to stop a statement may have left for the next one.
    mutating func settle(_ aftermath: Interrupter.Aftermath) {
        switch aftermath {
        case .none: break
        case .unknown: isBroken = true
        case .delivered: mayBeStopped = true
        }
        // The rows of an open stream come first.
        guard mayBeStopped, let link, !isBroken, cursor == nil else { return }
        mayBeStopped = false
        refreshStatus(link)
    }

    // MARK: End

    /// Frees everything, tells the server unless the connection is lost, and waits for the end there.
    mutating func close() {
        // The rest of the stream's rows may be long.
        if cursor != nil { interrupter.shutDown() }
        cursor?.finish()
        cursor = nil
        // libmariadb would look for more results before it frees a statement.
        link?.status.remove(.moreResults)
        cache.removeAll()
        link = nil
        isBroken = true
    }
}
