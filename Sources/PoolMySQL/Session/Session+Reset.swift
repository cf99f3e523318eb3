internal import PoolCore

extension Session {
    /// Gives a session that the server has just made, or made anew, what the configuration asks for.
    mutating func setUp() throws {
        let link = try open()
        var settings = ["NAMES utf8mb4", "session_track_state_change = 1"]
        if configuration.timeZone == .utc { settings.append("time_zone = '+00:00'") }
        if !link.status.contains(.autocommit) { settings.append("autocommit = 1") }
        try link.query("SET " + settings.joined(separator: ", "))
        zone = configuration.timeZone == .utc ? .utc : .other
        for command in configuration.initCommands {
            try drop(command, link)
        }
        isChanged = false
        isAdopted = false
        mayHoldTableLocks = false
        otherUser = nil
    }

    mutating func readLimits() throws {
        let link = try open()
        try link.query("SELECT @@session.wait_timeout, @@session.max_allowed_packet")
        let rows = try link.rows()
        var values: [SQLValue] = []
        while try rows.next(into: &values, zone) {}
        guard values.count == 2, case .int(let seconds) = values[0], case .int(let bytes) = values[1] else { return }
        // A little earlier than the server, whose clock began to run earlier too.
        idleLimit = seconds * 1_000 - min(seconds * 100, 5_000)
        maximumPacket = Int(bytes)
    }

    /// Ends what the last lease left open, and undoes what it changed. Throws where only a new connection can do that.
    mutating func reset() throws {
        try rollback()
        if !isChanged, try open().status.contains(.autocommit) { return }
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
        // Nothing but a login leaves a database for none.
        if otherUser != nil || (isElsewhere && configuration.database == nil) {
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
            try link.query(
                "SET NAMES utf8mb4, session_track_state_change = 1"
                    + (configuration.timeZone == .utc ? ", time_zone = '+00:00'" : ""))
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
