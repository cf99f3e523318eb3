internal import CMariaDB

/// libmariadb as a whole.
enum ClientLibrary {
    /// The version of the library that is loaded. The text is part of the library and never freed.
    /// https://mariadb.com/kb/en/mysql_get_client_info/
    static var version: String { unsafe String(cString: mysql_get_client_info()) }

    /// Set up at the first use, and never torn down: other code of the process may use the library too.
    private static let start: Int32 = {
        let result = mysql_server_init(0, nil, nil)
        return result == 0 ? cmariadb_register_tls_login() : result
    }()

    /// Makes sure that the library is set up.
    ///
    /// - Throws: ``MySQLError`` if the library cannot work at all.
    static func requireReady() throws {
        if start != 0 { throw MySQLError(.clientOutOfMemory, "libmariadb cannot be set up") }
    }

    /// Prepares a thread for calls of the library. Each thread of the driver begins with this, and ends with
    /// ``endThread()``.
    static func beginThread() { _ = mysql_thread_init() }

    static func endThread() { mysql_thread_end() }

    /// The time of a monotonic clock in milliseconds, accurate to a few of them.
    static func coarseMilliseconds() -> Int64 { cmariadb_coarse_milliseconds() }
}
