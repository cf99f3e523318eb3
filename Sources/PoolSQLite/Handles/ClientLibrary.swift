internal import CSQLite

/// The libsqlite3 that is loaded.
enum ClientLibrary {
    /// The library's version. The text is part of the library and never freed.
    /// https://www.sqlite.org/c3ref/libversion.html
    static var version: String { unsafe String(cString: sqlite3_libversion()) }
}
