/// The meaning of an error for the pool.
@nonexhaustive
public enum PoolVerdict: Sendable, Hashable {
    /// The connection is as good as before (a syntax error, a violated constraint).
    case keep
    /// This connection is broken.
    case discard
    /// This connection is broken, and so is every other that is open now: a restart, a failover.
    case discardGeneration
    /// The endpoint no longer accepts writes.
    case endpointReadOnly
    /// No connect can succeed until a person changes something: credentials, the database's name, TLS, a missing file.
    case refused
    /// The server has no room for another connection: a passing condition.
    case serverFull
    /// The server is starting or recovering: a passing condition.
    case serverStarting
    /// The prepared statements of the connection are stale; the connection itself is good.
    case statementsStale
}
