internal import PoolCore

extension Session {
    /// Undoes by statements what the last lease changed, where that is possible, so that temporary tables stay. False
    /// where the session must be made anew.
    mutating func restore() throws -> Bool {
        let link = try open()
        let isElsewhere = link.database != configuration.database
        // A login has dropped the tables already, and only another one takes back it, or the choice of a database.
        if otherUser != nil || mayHaveUntoldVariables || (isElsewhere && configuration.database == nil) { return false }
        // The server tells of no more changes once that is changed, and not always of that one.
        if try changedVariables.contains("session_track_system_variables") || !tellsOfAllVariables() { return false }
        do {
            // What was set for the next transaction alone is gone with one.
            for text in ["START TRANSACTION", "ROLLBACK", "UNLOCK TABLES", "DO RELEASE_ALL_LOCKS()"] {
                try link.query(text)
            }
            if try mayHaveOtherRole() { try link.query(takingRoleOfLogin) }
            if !changedVariables.isEmpty {
                let defaults = changedVariables.sorted().map { "SESSION \(Self.quoted($0)) = DEFAULT" }
                try link.query("SET " + defaults.joined(separator: ", "))
            }
        } catch let error as MySQLError where !error.code.breaksConnection && !error.isLocal {
            // A variable without a default value, a server without RELEASE_ALL_LOCKS, a role that was revoked.
            return false
        }
        if isElsewhere, let database = configuration.database { try link.select(database: database) }
        // Statements that were prepared since mean what the session was like then.
        let isExpired = cache.isExpired || !changedVariables.isEmpty || isElsewhere
        try dropMessages()
        try setUp()
        cache.restoreExpiry(isExpired)
        return true
    }

    private func tellsOfAllVariables() throws -> Bool {
        try values("SELECT @@session_track_system_variables").first == .text("*")
    }

    /// What leads back to the role that a login and the init commands give.
    private var takingRoleOfLogin: String {
        guard let loginRole, !loginRole.isEmpty else { return "SET ROLE NONE" }
        // MySQL answers with a list of quoted names, MariaDB with a name.
        return "SET ROLE " + (loginRole.hasPrefix("`") ? loginRole : Self.quoted(loginRole))
    }
}
