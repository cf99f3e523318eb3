/// How a connection is closed.
public enum ConnectionCloseMode: Sendable, Hashable {
    /// Say goodbye to the server; nothing else is running on the connection.
    case orderly
    /// Do not wait for the server; a call may still be running on the connection.
    case forced
}
