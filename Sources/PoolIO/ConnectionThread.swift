/// A named thread that runs the calls on one connection, one after the other.
public final class ConnectionThread: Sendable {}
