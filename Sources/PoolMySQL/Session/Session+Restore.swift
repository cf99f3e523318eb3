@_spi(Driver) internal import PoolSQL

extension Session {
    /// Undoes by statements what the last lease changed, if possible, so that temporary tables stay. False if the
    /// session must be reset as a whole.
    mutating func restore() throws -> Bool {
        let link = try open()
        let isElsewhere = link.database != configuration.database
        // A login has dropped the tables already; and only a login undoes a login, or the selection of a database.
        if otherUser != nil || mayHaveUntoldVariables || (isElsewhere && configuration.database == nil) { return false }
        // After a change of that variable the server reports no more changes, and does not always report that one.
        if try changedVariables.contains("session_track_system_variables") || !tellsOfAllVariables() { return false }
        do {
            // A setting for the next transaction alone ends with a transaction.
            for text in ["START TRANSACTION", "ROLLBACK", "UNLOCK TABLES", "DO RELEASE_ALL_LOCKS()"] {
                try link.query(text)
            }
            if try mayHaveOtherRole() { try link.query(takingRoleOfLogin) }
            if !changedVariables.isEmpty {
                let defaults = changedVariables.sorted().map { "SESSION \(SQLDialect.mysql.quoted($0)) = DEFAULT" }
                try link.query("SET " + defaults.joined(separator: ", "))
            }
        } catch let error as MySQLError where !error.code.breaksConnection && !error.isLocal {
            // A variable without a default value, a server without RELEASE_ALL_LOCKS, or a role that was revoked.
            return false
        }
        if isElsewhere, let database = configuration.database { try link.select(database: database) }
        // Statements that were prepared in the lease were prepared under its settings.
        let isExpired = cache.isExpired || !changedVariables.isEmpty || isElsewhere
        try dropMessages()
        try setUp()
        cache.restoreExpiry(isExpired)
        return true
    }

    private func tellsOfAllVariables() throws -> Bool {
        try values("SELECT @@session_track_system_variables").first == .text("*")
    }

    /// The statement that restores the role after a login and the init commands.
    private var takingRoleOfLogin: String {
        guard let loginRole, !loginRole.isEmpty else { return "SET ROLE NONE" }
        // MySQL answers with a list of quoted names, MariaDB with a name.
        return "SET ROLE " + (loginRole.hasPrefix("`") ? loginRole : SQLDialect.mysql.quoted(loginRole))
    }
}
