import Testing

/// All tests that need the server. One at a time: they share one server, and some of them load it as much as they can.
@Suite("MySQL", .serialized, .enabled(if: PrivateMariaDB.isAvailable, "MariaDB's server is not installed"))
struct MySQLTests {}
