internal import PoolCore

extension Session {
    /// Gives a session that the server has just made, or made anew, what the configuration asks for.
    mutating func setUp() throws {
        let link = try open()
        var settings = baseline
        if !link.status.contains(.autocommit) { settings += ", autocommit = 1" }
        try link.query(settings)
        isToldOfVariables = !link.changedVariables.isEmpty
        zone = configuration.timeZone == .utc ? .utc : .other
        for command in configuration.initCommands {
            try drop(command, link)
        }
        isChanged = false
        isUsed = false
        mayHaveRole = false
        isAdopted = false
        mayHoldTableLocks = false
        otherUser = nil
    }

    /// What the driver relies on, and the server may be configured otherwise: that it tells of changes, and of those variables
    /// by which a prepared statement or a value means something else.
    private var baseline: String {
        """
        SET NAMES utf8mb4, session_track_state_change = 1, session_track_schema = 1, session_track_system_variables = \
        'autocommit,character_set_client,character_set_connection,character_set_results,collation_connection,sql_mode,\
        time_zone'
        """ + (configuration.timeZone == .utc ? ", time_zone = '+00:00'" : "")
    }

    /// Asks for what does not change while the connection lasts, but for the limits.
    mutating func readLimits() throws {
        let variables = try open().variables(["wait_timeout", "max_allowed_packet"] + ServerIdentity.names)
        interrupter.server = ServerIdentity(variables)
        guard let seconds = variables["wait_timeout"].flatMap({ Int64($0) }),
            let bytes = variables["max_allowed_packet"].flatMap({ Int($0) })
        else { return }
        // A little earlier than the server, whose clock began to run earlier too.
        idleLimit = seconds * 1_000 - min(seconds * 100, 5_000)
        maximumPacket = bytes
    }

    /// Ends what the last lease left open, and undoes what it changed. Throws where only a new connection can do that.
    mutating func reset() throws {
        try rollback()
        if !isChanged, !isUsed, try open().status.contains(.autocommit) { return }
        if configuration.resetPolicy == .rollbackOnly {
            isChanged = false
            return
        }
        if isAdopted {
            throw MySQLError.local(
                .misuse, "The last lease changed the session, which the connect hook must set up on a new connection",
                remedy: "Use initCommands in place of the hook: a reset runs them again")
        }
        try makeNew()
        try setUp()
    }

    private mutating func makeNew() throws {
        let link = try open()
        let isElsewhere = link.database != configuration.database
        // Nothing but a login leaves a database for none, or takes a role away.
        if otherUser != nil || mayHaveRole || (isElsewhere && configuration.database == nil) {
            try link.changeUser(configuration.user, password: configuration.password, database: configuration.database)
        } else {
            try link.resetSession()
            if isElsewhere, let database = configuration.database { try link.select(database: database) }
        }
        // The server has forgotten them, and libmariadb knows that.
        cache.removeAll()
    }

    /// What the session is like now counts as clean.
    mutating func adopt() {
        isAdopted = isAdopted || isChanged
        isChanged = false
        isUsed = false
    }

    /// Makes the session one of another user, until it is reset. A login that is refused ends the connection.
    mutating func changeUser(_ login: Login) throws {
        try requireIdle()
        let link = try open()
        isChanged = true
        otherUser = login
        do {
            try link.changeUser(
                login.user, password: login.password, database: login.database ?? configuration.database)
            cache.removeAll()
            try link.query(baseline)
            zone = configuration.timeZone == .utc ? .utc : .other
            for command in configuration.initCommands { try drop(command, link) }
        } catch {
            isBroken = true
            throw error
        }
    }

    private func requireIdle() throws {
        if isTransactionOpen || cursor != nil {
            throw MySQLError.local(.misuse, "A transaction or a stream is open, which a change of user would end")
        }
    }
}
