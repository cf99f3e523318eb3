/// The state in which the next lease would find a connection.
public enum ConnectionCondition: Sendable, Hashable {
    /// Like a fresh connection: it can be granted immediately.
    case clean
    /// The connection works, but its session was changed: ``DriverConnection/reset()`` must come first.
    case dirty
    /// The connection cannot be used again.
    case broken
    /// Neither this connection nor any other opened before now can be used again (the server restarted or failed over).
    case generationBroken
}

extension ConnectionCondition {
    var isUsable: Bool {
        switch self {
        case .clean, .dirty: true
        case .broken, .generationBroken: false
        }
    }
}
