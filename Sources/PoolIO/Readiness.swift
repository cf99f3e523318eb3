/// The operations that a descriptor is ready for, or that a wait waits for.
public struct Readiness: OptionSet, Sendable, Hashable {
    /// The bits of the set.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bytes, the end of the stream or an error can be read without blocking.
    public static let read = Self(rawValue: 1)
    /// Bytes can be written without blocking.
    public static let write = Self(rawValue: 2)
    /// The other side has closed the stream. Such a descriptor is also readable; no wait asks for this bit alone.
    static let end = Self(rawValue: 4)
}

/// How a wait ended.
@nonexhaustive
public enum WaitOutcome: Sendable, Hashable {
    /// The descriptor is ready. Occasionally it is not: try, and wait again.
    case ready
    /// ``DescriptorWatch/interrupt()`` was called, during this wait or before it.
    case interrupted
    /// The deadline has passed.
    case timedOut
    /// The loop has ended, or the watch was closed.
    case closed
}

/// The system refused a descriptor or another resource that an event loop needs.
public struct EventLoopError: Error, Hashable, CustomStringConvertible {
    /// The name of the function that failed.
    public let function: String
    /// The function's `errno` value; 0 for a `watch` on a loop that is shutting down.
    public let systemError: Int32

    public var description: String {
        "\(function) failed (errno \(systemError)): raise the limit of open files for this process"
    }
}
