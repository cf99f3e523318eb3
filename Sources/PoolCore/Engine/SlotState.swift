/// The activity of the connection in a slot.
enum SlotState: Int, Sendable {
    /// No connection; a new slot that is about to open one. Then: opening.
    case free
    /// The driver connects. Then: idle, leased, closing; abandoned, if it takes too long or is no longer wanted; free,
    /// if it fails.
    case opening
    /// The connect was cancelled; the driver has not answered yet. Then: idle, leased or closing, if it succeeded all
    /// the same; free, if it failed.
    case abandoned
    /// Open, and free for a lease. Then: leased, validating, closing; resetting, if its session has a tag that no
    /// waiter wants.
    case idle
    /// The driver looks whether the connection is alive, and the acquire hook runs. Then: idle, leased, closing.
    case validating
    /// A lease has the connection. Then: leased by the next, idle, resetting, closing.
    case leased
    /// The driver undoes what the lease has left. Then: idle, leased, closing.
    case resetting
    /// The driver closes the connection. Then: free.
    case closing
}

/// Facts about a slot that hold in several of its states.
struct SlotFlags: OptionSet {
    let rawValue: UInt8

    /// The rotation under way is to replace the connection.
    static let isOld = SlotFlags(rawValue: 1 << 0)
    /// A reconfiguration waits until the connection is closed.
    static let isAwaited = SlotFlags(rawValue: 1 << 1)
    /// The lifetime ended while the connection could not be closed.
    static let isOverAge = SlotFlags(rawValue: 1 << 2)
    /// The driver found the connection dead while it could not be closed.
    static let isLost = SlotFlags(rawValue: 1 << 3)
    /// The connection is closed for a waiter that needs its place.
    static let makesRoom = SlotFlags(rawValue: 1 << 4)
    /// The session hook has run for the tag, or for none, and its work has not been undone since.
    static let isSetUp = SlotFlags(rawValue: 1 << 5)
}
