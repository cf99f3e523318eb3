@_spi(Driver) internal import PoolSQL

extension Session {
    /// The role of the session; empty for none, and on a server without roles. Nil if the session's settings keep it
    /// from telling, such as an `sql_select_limit` of 0.
    func currentRole() throws -> String? {
        do {
            switch try values("SELECT CURRENT_ROLE()").first {
            case .text(let role): return role == "NONE" ? "" : role
            case .bytes(let bytes): return String(decoding: bytes, as: UTF8.self)
            case .null: return ""
            default: return nil
            }
        } catch let error as MySQLError where [1064, 1305].contains(error.code.rawValue) {
            return ""
        }
    }

    /// True unless the session is known to have the role that it began with. A function, a trigger or a block may
    /// have set another, which the statement's text does not show, and the server's reset keeps it.
    /// https://mariadb.com/kb/en/set-role/
    func mayHaveOtherRole() throws -> Bool {
        // The role that the connection is for is taken on again, in place of any other.
        if role != nil { return false }
        guard let current = try currentRole(), let loginRole else { return true }
        return current != loginRole
    }

    func takeRole(_ link: Link) throws {
        guard let role else { return }
        if role.utf8.contains(0) {
            throw MySQLError.local(.misuse, "The name of a role must not hold a zero byte")
        }
        try link.query("SET ROLE \(SQLDialect.mysql.quoted(role))")
    }

    /// Drops the role. Called before a login: MariaDB lets a user without a default role keep the role of the
    /// previous user.
    func dropRole(_ link: Link) throws {
        do {
            try link.query("SET ROLE NONE")
        } catch let error as MySQLError where !error.code.breaksConnection {
            // The server has no roles.
        }
    }

    /// Throws unless the session has a role. MariaDB takes a quoted `NONE` for no role: such a role would have all
    /// rights of the user.
    func requireRole() throws {
        if try currentRole() ?? "" == "" {
            throw MySQLError.local(
                .misuse, "The server gave the session no role for \"\(role ?? "")\"",
                remedy: "Name a role that was granted to \(configuration.user)")
        }
    }
}
