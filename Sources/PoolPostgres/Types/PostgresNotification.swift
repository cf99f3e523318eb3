/// A message that another session has sent with `NOTIFY`.
public struct PostgresNotification: Sendable, Hashable {
    /// The channel of the notification.
    public let channel: String
    /// The text of the notification; empty if it has none.
    public let payload: String
    /// The process ID of the server process of the sending session.
    public let processID: Int32
}
