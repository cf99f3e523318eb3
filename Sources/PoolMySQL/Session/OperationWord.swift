/// The number and progress of a connection's operation in one word, which a processor can change without a lock: an
/// operation that is not being stopped waits for no other thread.
struct OperationWord: Sendable {
    private(set) var bits: UInt64 = 0

    init() {}

    init(bits: UInt64) { self.bits = bits }

    /// Set once another thread has looked at the operation and may change it.
    static var shared: UInt64 { 1 }
    private static var running: UInt64 { 2 }
    private static var cancellable: UInt64 { 4 }
    private static var started: UInt64 { 8 }
    private static var flags: UInt64 { 4 }

    var isShared: Bool { bits & Self.shared != 0 }
    var isRunning: Bool { bits & Self.running != 0 }
    var isCancellable: Bool { bits & Self.cancellable != 0 }

    /// True once the operation may have sent something.
    var hasStarted: Bool {
        get { bits & Self.started != 0 }
        set { if newValue { bits |= Self.started } else { bits &= ~Self.started } }
    }

    /// The number of the latest operation.
    var number: UInt64 { bits >> Self.flags }
    /// The number of the running operation; 0 if none runs.
    var running: UInt64 { isRunning ? number : 0 }

    mutating func begin(cancellable: Bool) {
        bits = (number &+ 1) << Self.flags | Self.running | (cancellable ? Self.cancellable : 0)
    }

    /// Ends the operation; no effect if another has begun since.
    mutating func end(_ number: UInt64) {
        if running == number { bits &= ~Self.running }
    }
}
