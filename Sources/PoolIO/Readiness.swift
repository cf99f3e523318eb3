/// What a descriptor is ready for, or is waited for to be.
public struct Readiness: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bytes, the end of the stream or an error can be read without blocking.
    public static let read = Self(rawValue: 1)
    /// Bytes can be written without blocking.
    public static let write = Self(rawValue: 2)
    /// The other side has closed the stream. It counts as readable too, and is not waited for by itself.
    static let end = Self(rawValue: 4)
}

/// How a wait ended.
public enum WaitOutcome: Sendable, Hashable {
    /// The descriptor is ready. It may also not be, once in a while: try, and wait again.
    case ready
    /// ``DescriptorWatch/interrupt()`` was called, during this wait or before it.
    case interrupted
    /// The deadline has passed.
    case timedOut
    /// The loop has ended, or the watch was closed.
    case closed
}

/// The system refused what an event loop needs.
public struct EventLoopError: Error, Hashable, CustomStringConvertible {
    /// The function that failed.
    public let function: String
    /// Its `errno` value.
    public let systemError: Int32

    public var description: String {
        "\(function) failed (errno \(systemError)): raise the limit of open files for this process"
    }
}
