/// A lease's holder: the place of its acquire, and how long the lease has been held.
public struct LeaseHolder: Sendable, Hashable, CustomStringConvertible {
    /// The leased connection.
    public let connection: ConnectionID
    /// The name of the connection's lane.
    public let lane: String
    /// The label of the acquire: ``AcquireOptions/label``.
    public let label: String?
    /// The source file of the acquire: its `#fileID`.
    public let fileID: String
    /// The line of the acquire: its `#line`.
    public let line: UInt
    /// The time since the lease began, known to a tenth of a second.
    public let held: Duration

    public var description: String {
        "\(label.map { "\"\($0)\" at " } ?? "")\(fileID):\(line) holds \(connection) of lane \(lane) for \(held.text)"
    }
}
