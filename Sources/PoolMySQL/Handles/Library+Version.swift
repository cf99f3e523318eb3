internal import CMariaDB

extension Library {
    /// As it is loaded now. A text that is part of the library and never freed.
    /// https://mariadb.com/kb/en/mysql_get_client_info/
    static var version: String { unsafe String(cString: mysql_get_client_info()) }
}
