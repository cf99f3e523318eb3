import Testing

/// All tests that need the server. One at a time: they share one server, and some of them load it as much as they can.
@Suite("Postgres", .serialized, .enabled(if: PrivatePostgres.isAvailable, "PostgreSQL's server is not installed"))
struct PostgresTests {}
