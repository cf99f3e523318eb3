internal import CSQLite
internal import Synchronization

/// Decides which operation of a connection a cancellation may stop, and stops that one and no other.
///
/// `sqlite3_interrupt` alone stops any statement that happens to run, and is forgotten if none runs yet. So it is
/// called only while the operation is kept from ending, and in addition a signal is set, which SQLite polls while it
/// works (progress handler) and while it waits for a lock (busy handler).
///
/// The state of an operation is one word, because most operations take a few microseconds.
final class Interrupter: Sendable {
    enum Signal: UInt64 {
        case none
        /// The task that runs the operation was cancelled.
        case taskCancelled
        /// The pool asked, through `DriverConnection.cancel()`.
        case connectionCancelled
        /// The connection is being closed by force.
        case closing
    }

    /// The events that can stop an operation, besides closing its connection.
    enum Stopping: UInt64 {
        case nothing = 0
        /// The calls of ``cancel(_:)`` and ``cancelRunning()``.
        case calls = 0x10
        /// The calls of ``cancelRunning()``, and the cancellation of the task, which SQLite's callbacks check. Only
        /// for operations that run in the task itself, and check often enough.
        case callsAndTask = 0x30
    }

    /// The lowest bits hold the signal and flags; the others the number of the latest operation.
    private enum Bits {
        static let signal: UInt64 = 0x3
        static let isRunning: UInt64 = 0x4
        /// Set while the running operation must not end.
        static let isInterrupting: UInt64 = 0x8
        static let isCancellable: UInt64 = 0x10
        static let asksTask: UInt64 = 0x20
        static let number: UInt64 = 0x100
    }

    private let word = Atomic<UInt64>(0)
    /// The address of the open database, borrowed from its `Database`, which removes it before it closes. Locked
    /// while the database is interrupted.
    private let database = Mutex<UInt?>(nil)

    /// The signal to stop the operation, read on the thread that runs it.
    var signal: Signal {
        let word = word.load(ordering: .relaxed)
        let signal = Signal(rawValue: word & Bits.signal) ?? .none
        guard signal == .none, word & Bits.asksTask != 0, Task.isCancelled else { return signal }
        self.word.bitwiseOr(Signal.taskCancelled.rawValue, ordering: .relaxed)
        return .taskCancelled
    }

    /// Begins an operation, and returns its number, for ``end(_:)`` and ``cancel(_:)``.
    func begin(_ stopping: Stopping) -> UInt64 {
        change { old in
            let signal = old & Bits.signal == Signal.closing.rawValue ? Signal.closing.rawValue : 0
            return (old & ~(Bits.number - 1)) + Bits.number | Bits.isRunning | stopping.rawValue | signal
        }.new / Bits.number
    }

    /// Ends an operation, which cannot be interrupted afterwards.
    func end(_ operation: UInt64) {
        while true {
            let old = word.load(ordering: .relaxed)
            if old / Bits.number != operation { return }
            if old & Bits.isInterrupting != 0 {
                // Waits until the interruption is complete.
                database.withLock { _ in }
            } else if word.compareExchange(
                expected: old, desired: old & ~(Bits.isRunning | Bits.asksTask), ordering: .acquiringAndReleasing
            ).exchanged {
                return
            }
        }
    }

    /// Stops `operation` because its task was cancelled; no effect if it has ended.
    func cancel(_ operation: UInt64) {
        interrupt(.taskCancelled) { $0 & Bits.isCancellable != 0 && $0 / Bits.number == operation }
    }

    /// Stops the running operation; no effect if none runs.
    func cancelRunning() {
        interrupt(.connectionCancelled) { $0 & Bits.isCancellable != 0 }
    }

    /// Stops the running operation, and each operation that begins from now on.
    func close() {
        change { $0 & ~Bits.signal | Signal.closing.rawValue }
        interrupt(.closing) { _ in true }
    }

    func attach(_ database: OpaquePointer) {
        let address = UInt(bitPattern: database)
        self.database.withLock { $0 = address }
    }

    func detach() {
        database.withLock { $0 = nil }
    }

    private func interrupt(_ signal: Signal, if isMeant: (UInt64) -> Bool) {
        database.withLock { database in
            let (old, new) = change { old in
                guard old & Bits.isRunning != 0, isMeant(old) else { return old }
                if old & Bits.signal == Signal.closing.rawValue, signal != .closing { return old }
                return old & ~Bits.signal | signal.rawValue | Bits.isInterrupting
            }
            if old == new { return }
            if let database { unsafe sqlite3_interrupt(OpaquePointer(bitPattern: database)) }
            word.bitwiseAnd(~Bits.isInterrupting, ordering: .releasing)
        }
    }

    @discardableResult
    private func change(_ next: (UInt64) -> UInt64) -> (old: UInt64, new: UInt64) {
        var old = word.load(ordering: .relaxed)
        while true {
            let new = next(old)
            let (isExchanged, latest) = word.weakCompareExchange(
                expected: old, desired: new, ordering: .acquiringAndReleasing)
            if isExchanged { return (old, new) }
            old = latest
        }
    }
}
