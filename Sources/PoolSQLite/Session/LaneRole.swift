/// The purpose of a lane's connections.
enum LaneRole: String, Sendable {
    /// Reads and writes; the only connection that writes.
    case writer
    /// Reads, through a handle that cannot write.
    case reader
    /// The only connection: reads and writes.
    case main
}
