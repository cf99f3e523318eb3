internal import CMariaDB

extension Library {
    /// The version of the library that is loaded. The text is part of the library and never freed.
    /// https://mariadb.com/kb/en/mysql_get_client_info/
    static var version: String { unsafe String(cString: mysql_get_client_info()) }
}
