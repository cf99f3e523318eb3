internal import CSQLite
internal import PoolIO
internal import Synchronization

/// Decides which operation of a connection a cancellation may stop, and stops that one and no other.
///
/// `sqlite3_interrupt` alone stops any statement that happens to run, and is forgotten if none runs yet. So it is
/// called only while the operation is kept from ending, and in addition a signal is set, which SQLite polls while it
/// works (progress handler) and while it waits for a lock (busy handler).
///
/// The state of an operation is one word, because most operations take a few microseconds.
final class Interrupter: Sendable {
    /// The events that can stop an operation, besides closing its connection.
    enum Stopping {
        case nothing
        /// The calls of ``cancel(_:)`` and ``cancelRunning()``.
        case calls
        /// The calls of ``cancelRunning()``, and the cancellation of the task, which SQLite's callbacks check. Only
        /// for operations that run in the task itself, and check often enough.
        case callsAndTask
    }

    /// The latest operation: an ``OperationWord``.
    private let word = Atomic<UInt64>(0)
    /// The address of the open database, borrowed from its `Database`, which removes it before it closes. Locked
    /// while the database is interrupted.
    private let database = Mutex<UInt?>(nil)

    /// The signal to stop the operation, read on the thread that runs it.
    var signal: OperationSignal {
        let word = OperationWord(bits: word.load(ordering: .relaxed))
        guard word.signal == .none, word[OperationWord.asksTask], Task.isCancelled else { return word.signal }
        return change { $0.note(.taskCancelled) }.new.signal
    }

    /// Begins an operation, and returns its number, for ``end(_:)`` and ``cancel(_:)``.
    func begin(_ stopping: Stopping) -> UInt64 {
        change { word in
            word.begin(isCancellable: stopping != .nothing)
            word[OperationWord.asksTask] = stopping == .callsAndTask
        }.new.number
    }

    /// Ends an operation, which cannot be interrupted afterwards.
    func end(_ operation: UInt64) {
        while true {
            let old = OperationWord(bits: word.load(ordering: .relaxed))
            if old.number != operation { return }
            if old[OperationWord.isInterrupting] {
                // Waits until the interruption is complete.
                database.withLock { _ in }
                continue
            }
            var new = old
            new.end(operation)
            new[OperationWord.asksTask] = false
            if word.compareExchange(
                expected: old.bits, desired: new.bits, ordering: .acquiringAndReleasing
            ).exchanged {
                return
            }
        }
    }

    /// Stops `operation` because its task was cancelled; no effect if it has ended.
    func cancel(_ operation: UInt64) {
        interrupt(.taskCancelled) { $0.isCancellable && $0.number == operation }
    }

    /// Stops the running operation; no effect if none runs.
    func cancelRunning() {
        interrupt(.connectionCancelled) { $0.isCancellable }
    }

    /// Stops the running operation, and each operation that begins from now on.
    func close() {
        change { $0.note(.closing) }
        interrupt(.closing) { _ in true }
    }

    func attach(_ database: OpaquePointer) {
        let address = UInt(bitPattern: database)
        self.database.withLock { $0 = address }
    }

    func detach() {
        database.withLock { $0 = nil }
    }

    private func interrupt(_ signal: OperationSignal, if isMeant: (OperationWord) -> Bool) {
        database.withLock { database in
            let (old, new) = change { word in
                guard word.isRunning, isMeant(word), word.signal != .closing || signal == .closing else { return }
                word.note(signal)
                word[OperationWord.isInterrupting] = true
            }
            if old == new { return }
            if let database { unsafe sqlite3_interrupt(OpaquePointer(bitPattern: database)) }
            word.bitwiseAnd(~OperationWord.isInterrupting, ordering: .releasing)
        }
    }

    @discardableResult
    private func change(_ change: (inout OperationWord) -> Void) -> (old: OperationWord, new: OperationWord) {
        var old = word.load(ordering: .relaxed)
        while true {
            var new = OperationWord(bits: old)
            change(&new)
            let (isExchanged, latest) = word.weakCompareExchange(
                expected: old, desired: new.bits, ordering: .acquiringAndReleasing)
            if isExchanged { return (OperationWord(bits: old), new) }
            old = latest
        }
    }
}

extension OperationWord {
    /// Set while the running operation must not end.
    fileprivate static var isInterrupting: UInt64 { firstFlag }
    /// Set if the cancellation of the task stops the operation, without a call.
    fileprivate static var asksTask: UInt64 { secondFlag }
}
