internal import CSQLite
internal import PoolIO

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The wait of a statement for a lock that another connection holds. Belongs to one `Database`.
///
/// SQLite's own busy timeout cannot be cancelled; this wait ends when the operation's signal is set.
final class BusyWait {
    var limit: Duration
    private let interrupter: Interrupter
    private var start = ContinuousClock.now

    init(limit: Duration, interrupter: Interrupter) {
        self.limit = limit
        self.interrupter = interrupter
    }

    /// Called repeatedly while a lock is held, with the number of earlier calls for this lock. False gives up.
    func shouldRetry(after earlierCalls: Int32) -> Bool {
        if earlierCalls == 0 { start = .now }
        if interrupter.signal != .none || limit == .zero || ContinuousClock.now - start >= limit { return false }
        // Pauses grow from 0.1 ms to 10 ms: most locks are held for one short commit.
        var pause = timespec(tv_sec: 0, tv_nsec: min(10_000_000, 100_000 << Int(min(earlierCalls, 7))))
        unsafe nanosleep(&pause, nil)
        return true
    }
}

extension Database {
    /// Installs the callbacks, each of which borrows an object that this `Database` holds for longer than the handle
    /// lives.
    func installCallbacks(on pointer: OpaquePointer) {
        unsafe installBusyHandler(on: pointer)
        // Called once for this many instructions of SQLite, about every 10 microseconds.
        unsafe sqlite3_progress_handler(
            pointer, 1_000,
            { context in
                guard let context = unsafe context else { return 0 }
                let interrupter = unsafe Unmanaged<Interrupter>.fromOpaque(context)
                return unsafe interrupter._withUnsafeGuaranteedRef { $0.signal == .none ? 0 : 1 }
            }, Unmanaged.passUnretained(interrupter).toOpaque())
        unsafe sqlite3_set_authorizer(
            pointer,
            { context, action, first, second, database, trigger in
                guard let context = unsafe context else { return SQLITE_OK }
                let watch = unsafe Unmanaged<PrepareWatch>.fromOpaque(context).takeUnretainedValue()
                if action == SQLITE_FUNCTION {
                    unsafe watch.seeCall(of: second)
                } else if action == SQLITE_PRAGMA {
                    guard let first = unsafe first else { return SQLITE_OK }
                    let isAllowed = unsafe watch.seePragma(
                        String(cString: first), hasArgument: second != nil, database: database)
                    return isAllowed ? SQLITE_OK : SQLITE_DENY
                } else {
                    unsafe watch.see(action, first, database: database, isInTrigger: trigger != nil)
                }
                return SQLITE_OK
            }, Unmanaged.passUnretained(watch).toOpaque())
    }

    /// Restores the busy handler, which a `PRAGMA busy_timeout` replaces.
    func restoreBusyHandler() {
        if let pointer = unsafe pointer { unsafe installBusyHandler(on: pointer) }
    }

    private func installBusyHandler(on pointer: OpaquePointer) {
        unsafe sqlite3_busy_handler(
            pointer,
            { context, earlierCalls in
                guard let context = unsafe context else { return 0 }
                let wait = unsafe Unmanaged<BusyWait>.fromOpaque(context).takeUnretainedValue()
                return wait.shouldRetry(after: earlierCalls) ? 1 : 0
            }, Unmanaged.passUnretained(busyWait).toOpaque())
    }
}
