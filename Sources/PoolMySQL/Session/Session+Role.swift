internal import PoolCore

extension Session {
    /// The role that the session has, empty for none, and on a server that has no roles.
    func currentRole() throws -> String {
        do {
            if case .text(let role) = try values("SELECT CURRENT_ROLE()").first { return role == "NONE" ? "" : role }
        } catch let error as MySQLError where [1064, 1305].contains(error.code.rawValue) {}
        return ""
    }

    func takeRole(_ link: Link) throws {
        guard let role else { return }
        if role.utf8.contains(0) {
            throw MySQLError.local(.misuse, "The name of a role must not hold a zero byte")
        }
        try link.query("SET ROLE \(Self.quoted(role))")
    }

    /// To be done before a login: MariaDB lets a user without a default role keep the role of the one before.
    func dropRole(_ link: Link) throws {
        do {
            try link.query("SET ROLE NONE")
        } catch let error as MySQLError where !error.code.breaksConnection {
            // A server without roles.
        }
    }

    /// Throws unless the session has a role. MariaDB takes a quoted `NONE` for none: whoever asks for that as a role would have all
    /// that the user has.
    func requireRole() throws {
        if try currentRole().isEmpty {
            throw MySQLError.local(
                .misuse, "The server gave the session no role for \"\(role ?? "")\"",
                remedy: "Name a role that was granted to \(configuration.user)")
        }
    }

    static func quoted(_ name: String) -> String {
        // By scalars: a backtick and an accent after it are one character, and still end a quoted name.
        let parts = name.unicodeScalars.split(separator: "`", omittingEmptySubsequences: false)
        return "`" + parts.map { String($0) }.joined(separator: "``") + "`"
    }
}
