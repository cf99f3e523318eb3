@_spi(Driver) internal import PoolSQL

extension Session {
    /// Applies the configuration to a session that the server has just made or reset.
    mutating func setUp() throws {
        let link = try open()
        var settings = baseline
        if !link.status.contains(.autocommit) { settings += ", autocommit = 1" }
        try link.query(settings)
        isToldOfVariables = !link.changedVariables.isEmpty
        zone = configuration.timeZone == .utc ? .utc : .other
        // Before the init commands, so that they find the same role each time; and again after them, because they may
        // set another.
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

    /// The settings that the driver relies on and the server may have otherwise: the server reports changes,
    /// including changes of the variables that alter the meaning of a prepared statement or a value.
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

    /// Reads the server's limits and identity, of which only the limits can change while the connection lasts.
    mutating func readLimits() throws {
        let variables = try open().variables(["wait_timeout", "max_allowed_packet"] + ServerIdentity.names)
        interrupter.server = ServerIdentity(variables)
        if let seconds = variables["wait_timeout"] { noteIdleLimit(seconds) }
        if let bytes = variables["max_allowed_packet"].flatMap({ Int($0) }) { maximumPacket = bytes }
    }

    /// Reads the limit of silence: a session that was reset takes the server's present `wait_timeout`. The
    /// `max_allowed_packet` stays the one with which the connection began, whatever the session's variable says.
    private mutating func readIdleLimit() throws {
        if case .int(let seconds) = try values("SELECT @@session.wait_timeout").first { noteIdleLimit("\(seconds)") }
    }

    func values(_ text: String) throws -> [SQLValue] {
        let link = try open()
        try link.query(text)
        return try link.rows().allValues(.other)
    }

    /// Ends what the last lease left open, and undoes what it changed. Throws if only a new connection can do that.
    mutating func reset() throws {
        switch configuration.resetPolicy {
        case .off:
            // The stream's rows would be read as the answer to the next lease's statement.
            try closeCursor()
            return adopt()
        case .rollbackOnly:
            try rollback()
            return adopt()
        case .smart, .full:
            try rollback()
        }
        if !isChanged, !isUsed, try open().status.contains(.autocommit) { return try dropMessages() }
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

    /// Makes the server forget its messages for `SHOW WARNINGS`, which any statement that reads from a table does.
    mutating func dropMessages() throws {
        if hasMessages { _ = try values("SELECT 1 FROM (SELECT 1) AS t") }
        hasMessages = false
    }

    private mutating func makeNew() throws {
        let link = try open()
        let isElsewhere = link.database != configuration.database
        // Only a login can leave a session without a database, or take a role away.
        if otherUser != nil || (isElsewhere && configuration.database == nil) { return try logInAgain(link) }
        try link.resetSession()
        // The server has forgotten the statements, and libmariadb knows that.
        cache.removeAll()
        if isElsewhere, let database = configuration.database { try link.select(database: database) }
        if try mayHaveOtherRole() { try logInAgain(link) }
    }

    private mutating func logInAgain(_ link: Link) throws {
        try logIn(configuration.user, configuration.password, configuration.database, link)
        cache.removeAll()
        // The user may have been given another default role since.
        loginRole = nil
    }

    /// Makes the session's present state count as clean. A later reset still undoes it, and what no reset undoes then
    /// costs the connection.
    mutating func adopt() {
        isChanged = false
        isUsed = false
        hasMessages = false
    }

    /// Makes the session another user's, until it is reset. A login that is refused ends the connection.
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
