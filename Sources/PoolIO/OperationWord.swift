/// Why the running operation of a connection should stop.
public enum OperationSignal: UInt64, Sendable, CaseIterable {
    /// Nothing stops the operation.
    case none
    /// The task that runs the operation was cancelled.
    case taskCancelled
    /// The pool asked, through `DriverConnection.cancel()`.
    case connectionCancelled
    /// The connection is being closed by force.
    case closing
}

/// The latest operation of a connection in one word, which a processor can change without a lock: its number, whether
/// it runs, whether it can be cancelled, and why it should stop.
///
/// A cancellation names the operation that it is for by its number, so that it never stops a later one. How the
/// operation is stopped, and what may still be on its way when it ends, is the driver's knowledge.
@frozen
public struct OperationWord: Sendable, Equatable {
    /// The word itself. The lowest two bits are the ``signal``.
    public var bits: UInt64

    /// Makes a word for a connection without any operation, or from ``bits``.
    @inlinable
    public init(bits: UInt64 = 0) { self.bits = bits }

    @inlinable static var signalMask: UInt64 { 0x3 }
    @inlinable static var running: UInt64 { 0x4 }
    @inlinable static var cancellable: UInt64 { 0x8 }
    /// The first of two flags for the driver's own use, both of which ``begin(isCancellable:)`` clears.
    @inlinable public static var firstFlag: UInt64 { 0x10 }
    /// The second of two flags for the driver's own use.
    @inlinable public static var secondFlag: UInt64 { 0x20 }
    @inlinable static var numberShift: UInt64 { 8 }

    /// Whether a flag of the driver's own is set.
    @inlinable
    public subscript(flag: UInt64) -> Bool {
        get { bits & flag != 0 }
        set { if newValue { bits |= flag } else { bits &= ~flag } }
    }

    /// Why the operation should stop.
    @inlinable
    public var signal: OperationSignal {
        switch bits & Self.signalMask {
        case 0: .none
        case 1: .taskCancelled
        case 2: .connectionCancelled
        default: .closing
        }
    }
    /// True from the begin of the operation to its end.
    @inlinable public var isRunning: Bool { bits & Self.running != 0 }
    /// True if a cancellation stops the operation. The end of a transaction must run to its end.
    @inlinable public var isCancellable: Bool { bits & Self.cancellable != 0 }
    /// The number of the latest operation; 0 before the first.
    @inlinable public var number: UInt64 { bits >> Self.numberShift }
    /// The number of the running operation; 0 if none runs.
    @inlinable public var running: UInt64 { isRunning ? number : 0 }

    /// Begins the next operation. A connection that is being closed stays so; other signals were for the operation
    /// before.
    @inlinable
    public mutating func begin(isCancellable: Bool) {
        let closing = bits & Self.signalMask == Self.signalMask ? Self.signalMask : 0
        bits = (number &+ 1) << Self.numberShift | Self.running | (isCancellable ? Self.cancellable : 0) | closing
    }

    /// Ends an operation; no effect if another has begun since.
    @inlinable
    public mutating func end(_ number: UInt64) {
        if running == number { bits &= ~Self.running }
    }

    /// Notes why the operation should stop. The first signal stays, unless the connection is being closed.
    @inlinable
    public mutating func note(_ signal: OperationSignal) {
        if self.signal == .none || signal == .closing { bits = bits & ~Self.signalMask | signal.rawValue }
    }
}
