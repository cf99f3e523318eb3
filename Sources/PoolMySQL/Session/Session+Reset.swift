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
        // Before the init commands, so that they find the same role each time; and after them, as they may set another.
        try takeRole(link)
        for command in configuration.initCommands {
            try drop(command, link)
        }
        if !configuration.initCommands.isEmpty { try takeRole(link) }
        changedVariables = []
        mayHaveUntoldVariables = false
        isChanged = false
        isUsed = false
        mustGo = false
        hasMessages = false
        mayHoldTableLocks = false
        otherUser = nil
    }

    /// What the driver relies on, and the server may be configured otherwise: that it tells of changes, and of those
    /// variables by which a prepared statement or a value means something else.
    private var baseline: String {
        let variables =
            keepsTables
            ? "*"
            : "autocommit,character_set_client,character_set_connection,character_set_results,collation_connection,"
                + "sql_mode,time_zone,wait_timeout," + Self.variablesForGood.sorted().joined(separator: ",")
        return """
            SET NAMES utf8mb4, session_track_state_change = 1, session_track_schema = 1, \
            session_track_system_variables = '\(variables)'
            """ + (configuration.timeZone == .utc ? ", time_zone = '+00:00'" : "")
    }

    /// Asks for what does not change while the connection lasts, but for the limits.
    mutating func readLimits() throws {
        let variables = try open().variables(["wait_timeout", "max_allowed_packet"] + ServerIdentity.names)
        interrupter.server = ServerIdentity(variables)
        if let seconds = variables["wait_timeout"] { noteIdleLimit(seconds) }
        if let bytes = variables["max_allowed_packet"].flatMap({ Int($0) }) { maximumPacket = bytes }
    }

    /// A session that was made anew takes the server's `wait_timeout` of that moment. The server's end of a connection
    /// keeps the `max_allowed_packet` that it began with, whatever the session's is said to be.
    private mutating func readIdleLimit() throws {
        if case .int(let seconds) = try values("SELECT @@session.wait_timeout").first { noteIdleLimit("\(seconds)") }
    }

    func values(_ text: String) throws -> [SQLValue] {
        let link = try open()
        try link.query(text)
        return try link.rows().allValues(.other)
    }

    /// Ends what the last lease left open, and undoes what it changed. Throws where only a new connection can do that.
    mutating func reset() throws {
        try rollback()
        if !isChanged, !isUsed, try open().status.contains(.autocommit) { return try dropMessages() }
        if configuration.resetPolicy == .rollbackOnly {
            (isChanged, hasMessages) = (false, false)
            return
        }
        if mustGo {
            throw MySQLError.local(
                .misuse,
                "Profiling was used, or a seed for RAND() chosen, which nothing but a new connection undoes")
        }
        if try keepsTables && restore() { return try readIdleLimit() }
        try makeNew()
        try setUp()
        if role == nil, loginRole == nil { loginRole = try currentRole() }
        try readIdleLimit()
    }

    /// Has the server forget what `SHOW WARNINGS` tells, which a statement does that reads from a table.
    mutating func dropMessages() throws {
        if hasMessages, configuration.resetPolicy != .rollbackOnly {
            _ = try values("SELECT 1 FROM (SELECT 1) AS t")
        }
        hasMessages = false
    }

    private mutating func makeNew() throws {
        let link = try open()
        let isElsewhere = link.database != configuration.database
        // Nothing but a login leaves a database for none, or takes a role away.
        if otherUser != nil || (isElsewhere && configuration.database == nil) { return try logInAgain(link) }
        try link.resetSession()
        // The server has forgotten them, and libmariadb knows that.
        cache.removeAll()
        if isElsewhere, let database = configuration.database { try link.select(database: database) }
        if try mayHaveOtherRole() { try logInAgain(link) }
    }

    private mutating func logInAgain(_ link: Link) throws {
        try logIn(configuration.user, configuration.password, configuration.database, link)
        cache.removeAll()
        // Somebody may have given the user another one since.
        loginRole = nil
    }

    /// What the session is like now counts as clean. A reset undoes it all the same, and what no reset undoes then
    /// costs the connection.
    mutating func adopt() {
        isChanged = false
        isUsed = false
        hasMessages = false
    }

    /// Makes the session one of another user, until it is reset. A login that is refused ends the connection.
    mutating func changeUser(_ login: Login) throws {
        try requireIdle()
        let link = try open()
        isChanged = true
        otherUser = login
        do {
            try logIn(login.user, login.password, login.database ?? configuration.database, link)
            cache.removeAll()
            try link.query(baseline)
            zone = configuration.timeZone == .utc ? .utc : .other
            for command in configuration.initCommands { try drop(command, link) }
            try readIdleLimit()
        } catch {
            isBroken = true
            throw error
        }
    }

    private func logIn(_ user: String, _ password: String, _ database: String?, _ link: Link) throws {
        try dropRole(link)
        try link.changeUser(user, password: password, database: database)
    }

    private func requireIdle() throws {
        if isTransactionOpen || cursor != nil {
            throw MySQLError.local(.misuse, "A transaction or a stream is open, which a change of user would end")
        }
    }
}
