internal import CSQLite

/// libsqlite3 as it is loaded now.
enum ClientLibrary {
    /// A text that is part of the library and never freed. https://www.sqlite.org/c3ref/libversion.html
    static var version: String { unsafe String(cString: sqlite3_libversion()) }
}
