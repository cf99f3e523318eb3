/// What another session has sent with `NOTIFY`.
public struct PostgresNotification: Sendable, Hashable {
    /// The channel that it was sent on.
    public let channel: String
    /// Its text, empty without one.
    public let payload: String
    /// The server's process that serves the session that sent it.
    public let processID: Int32
}
