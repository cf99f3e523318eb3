@_spi(Driver) internal import PoolSQL

/// The state of one connection: the link to the server, its statements, and what is known of the server's session.
/// Used under the connection's lock only.
struct Session: ~Copyable {
    let configuration: PostgresConfiguration
    /// The link to the server; nil once closed.
    var link: Link?
    var cache: KnownStatements
    var exchange: Exchange?
    /// The values of the statement that is being sent, in memory that is reused.
    var binds = BindBuffer()
    var batch = BatchPlan()
    /// The types that the server has described.
    var types = TypeCatalog()
    var notifications = NotificationQueue()

    /// True from the pool's begin to its commit or rollback, whatever the server did in between.
    var isTransactionOpen = false
    /// True if a transaction was open when the exchange began, whether the pool or a statement began it.
    private(set) var isInExplicitTransaction = false
    /// True if something happened that a reset must undo, beyond an open transaction.
    var isChanged = false {
        didSet { if isChanged { textForm = .doubtful } }
    }
    /// True if only the session's end undoes what a statement has done to it.
    var isSpent = false
    var textForm = TextForm.doubtful
    /// True if a statement of the lease has reset the settings that the driver relies on.
    var needsBaseline = false
    /// True if a statement has reset settings since the lease began.
    var hasReset = false
    /// True if the transaction has changed the meaning of names of tables and types, which its end may change back.
    var hasChangedNames = false
    /// True if the connection cannot continue.
    var isBroken = false
    /// The reason why the connection cannot continue, if it is known.
    private(set) var failure: PostgresError?
    /// True if no connection that was opened before now can continue: the server has crashed, or takes no writes any
    /// more.
    private var isGenerationBroken = false

    private let demotions: DemotionLimit

    init(
        _ configuration: PostgresConfiguration, _ cacheLimit: StatementCacheCapacity, _ demotions: DemotionLimit
    ) {
        self.configuration = configuration
        self.demotions = demotions
        cache = KnownStatements(limit: cacheLimit)
    }

    var condition: ConnectionCondition {
        if isGenerationBroken { return .generationBroken }
        guard let link, !isBroken, link.isConnected else { return .broken }
        let isClean = link.transactionStatus == .idle && !isChanged && !isTransactionOpen && exchange == nil
        return isClean ? .clean : .dirty
    }

    func open() throws -> Link {
        guard let link else { throw PostgresError.closed }
        if isBroken {
            throw failure ?? PostgresError(connectionFailure: "the connection was given up after an earlier failure")
        }
        return link
    }

    /// The link, for a new exchange.
    mutating func ready() throws -> Link {
        let link = try open()
        if exchange != nil {
            throw PostgresError.misuse("another statement of this connection is still running: close its cursor first")
        }
        isInExplicitTransaction = link.transactionStatus != .idle
        return link
    }

    /// Throws if the transaction was lost: its further statements would be committed one by one.
    func requireTransactionAlive(_ link: Link) throws {
        if isTransactionOpen, link.transactionStatus == .idle {
            var error = PostgresError.misuse(
                "the transaction is no longer open: a statement has ended it", .noActiveTransaction)
            error.remedy = "End a transaction by returning from its body, or by throwing"
            throw error
        }
    }

    /// Marks the connection as broken by `error`.
    mutating func breakOff(_ error: PostgresError) {
        isBroken = true
        if failure != nil { return }
        failure = error
        // The failure is reported with other statements.
        failure?.sql = nil
    }

    private mutating func endGeneration(_ error: PostgresError) {
        isGenerationBroken = true
        failure = failure ?? error
    }

    /// The reason for the loss of a connection: the server's own says more than libpq's.
    func loss(of link: Link) -> PostgresError {
        link.fatalNotice ?? PostgresError(connectionFailure: link.errorMessage)
    }

    /// Checks what a statement of the application needs. In another encoding than UTF-8 it would read and write wrong
    /// texts.
    func requireUsable(_ link: Link) throws {
        try requireTransactionAlive(link)
        if !link.isUTF8 { throw PostgresError.foreignEncoding(of: link) }
    }

    // MARK: Starting

    /// Sends statements separated by semicolons, without bind values.
    mutating func startScript(_ text: String) throws {
        let link = try ready()
        try requireUsable(link)
        try link.sendScript(text)
        exchange = Exchange(traits: StatementTraits(of: text), dropsRows: true)
    }

    /// Sends a command of the driver's own.
    mutating func startCommand(_ text: String, dropsRows: Bool = true) throws {
        try ready().sendScript(text)
        exchange = Exchange(isOwn: true, dropsRows: dropsRows)
    }

    /// Sends a COPY, which pauses when the server is ready for the data, or has some.
    mutating func startCopy(_ text: String) throws {
        let link = try ready()
        try requireUsable(link)
        try link.sendScript(text)
        exchange = Exchange(traits: StatementTraits(of: text), allowsCopy: true)
    }

    /// Makes the session's present state count as unchanged.
    mutating func adopt() {
        isChanged = false
        isSpent = false
    }

    // MARK: Ending

    /// Remembers what statements may have changed. The effect of a statement that is not known to keep the session
    /// may stay even if it fails, unless the server could not even read it.
    private mutating func note(_ exchange: Exchange) {
        if types.hasUnanswered, link?.transactionStatus == .idle { types.forgetUnanswered() }
        if exchange.isPreparing { return }
        let traits = exchange.traits
        if traits.contains(.changesNames) || hasChangedNames && link?.transactionStatus == .idle {
            noteChangedNames()
        }
        if exchange.isOwn { return }
        if configuration.resetPolicy == .full { isChanged = true }
        if exchange.hasFailed, exchange.error?.isOfReading == true, !exchange.hasDoneSomething { return }
        if !traits.keepsSession { isChanged = true }
        if traits.contains(.needsStandardStrings), link?.parameter("standard_conforming_strings") != "on" {
            isChanged = true
        }
        if traits.contains(.cannotBeUndone) { isSpent = true }
    }

    /// Takes the results of an exchange.
    ///
    /// - Throws: The server's error.
    mutating func finish() throws -> ExchangeResult {
        guard let exchange else { throw PostgresError.closed }
        self.exchange = nil
        note(exchange)
        if let link, !link.isConnected {
            isBroken = true
            if !exchange.hasFailed { exchange.error = loss(of: link) }
        }
        // The results may be in another encoding already.
        let hasRows = exchange.columns != nil || exchange.outcomes?.isEmpty == false
        if !exchange.hasFailed, !exchange.isOwn, hasRows, let link, link.isConnected, !link.isUTF8 {
            exchange.error = PostgresError.foreignEncoding(of: link)
        }
        if let excess = exchange.excess { throw excess }
        if exchange.hasFailed, var error = exchange.error {
            if error.code == .connectionFailure, let fatal = link?.fatalNotice { error = fatal }
            if error.sql == nil { error = error.inStatement(exchange.statement?.text) }
            if exchange.learnsShape, error.isAboutLength {
                error.mayBeTooLongAsText = true
                error.remedy =
                    "If the statement returns more than 512 MiB of bytea, run it again: only its first run is text"
            }
            if error.code == .readOnlyTransaction { error.isOnStandby = link?.parameter("in_hot_standby") == "on" }
            switch error.verdict {
            case .discard: breakOff(error)
            case .discardGeneration: endGeneration(error)
            case .endpointReadOnly where demotions.mayEndGeneration(now: .now): endGeneration(error)
            case .endpointReadOnly, .keep, .refused, .serverFull, .serverStarting, .statementsStale: break
            }
            throw error
        }
        return ExchangeResult(
            rows: exchange.columns == nil ? nil : exchange.takeRows(), firstResult: exchange.firstResult,
            laterResults: exchange.laterResults, tag: exchange.tag, hasUnknownTypes: exchange.hasUnknownTypes,
            outcomes: exchange.outcomes ?? [])
    }

    /// Takes the results of a successful exchange; nil, without any effect, for a failed one.
    mutating func finishAtOnce() -> ExchangeResult? {
        guard let exchange, !exchange.hasFailed, exchange.excess == nil, let link, link.isConnected, link.isUTF8 else {
            return nil
        }
        return try? finish()
    }

    /// Gives up the connection at any point of its work.
    mutating func abandon(_ error: PostgresError) {
        breakOff(error)
        exchange = nil
    }

    /// Frees everything.
    mutating func close() {
        exchange = nil
        link = nil
        isBroken = true
        cache.removeAll()
    }
}
