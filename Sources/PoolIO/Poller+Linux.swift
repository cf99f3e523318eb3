#if os(Linux)
internal import CEpoll
#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// The system's list of watched descriptors: epoll. All functions but ``wait(_:_:)`` and ``close()`` may be called
/// from any thread.
struct Poller: Sendable {
    /// The token of the descriptor with which other threads wake the loop.
    static let wakeToken = UInt64.max
    /// The token of the ticks.
    static let tickToken = UInt64.max - 1
    private static let capacity = 64

    private let queue: Int32
    private let signal: Int32
    private let timer: Int32

    init() throws(EventLoopError) {
        queue = cepoll_create()
        if queue < 0 { throw EventLoopError(function: "epoll_create1", systemError: errno) }
        signal = cepoll_eventfd()
        if signal < 0 {
            let error = errno
            cepoll_close(queue)
            throw EventLoopError(function: "eventfd", systemError: error)
        }
        timer = cepoll_timerfd()
        if timer < 0 {
            let error = errno
            cepoll_close(signal)
            cepoll_close(queue)
            throw EventLoopError(function: "timerfd_create", systemError: error)
        }
        _ = cepoll_watch_signal(queue, signal, Self.wakeToken)
        _ = cepoll_watch_signal(queue, timer, Self.tickToken)
    }

    /// Starts the ticks, or restarts them: each ``EventLoop/tick`` there is an event with the ``tickToken``. A
    /// time-out of the wait instead would make the system set a timer for each wait.
    func startTicking() { cepoll_set_timer(timer, EventLoop.tick) }

    func stopTicking() { cepoll_set_timer(timer, 0) }

    /// Watches a descriptor. Edge-triggered: an event reports a change, and does not come again.
    func add(_ descriptor: Int32, token: UInt64) throws(EventLoopError) {
        let result = cepoll_watch(queue, descriptor, 1, token)
        if result != 0 { throw EventLoopError(function: "epoll_ctl", systemError: result) }
    }

    /// Makes the system report again what a watched descriptor is ready for. False if the system refuses.
    func tellAgain(_ descriptor: Int32, token: UInt64) -> Bool {
        cepoll_watch(queue, descriptor, 0, token) == 0
    }

    /// Stops watching a descriptor. Fails silently for one that was closed: the system has removed it already.
    func remove(_ descriptor: Int32) {
        _ = cepoll_remove(queue, descriptor)
    }

    /// Makes the current wait, or else the next one, return.
    func wake() {
        var one: UInt64 = 1
        // Fails only if the counter is full, and then the loop is being woken already.
        unsafe _ = write(signal, &one, 8)
    }

    /// Waits for at most `milliseconds`, -1 being forever. Calls `body` for each event except the wake-up.
    func wait(_ milliseconds: Int32, _ body: (UInt64, Readiness) -> Void) {
        unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.capacity) { tokens in
            unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.capacity) { interests in
                let count = unsafe cepoll_wait(
                    queue, tokens.baseAddress, interests.baseAddress, Int32(Self.capacity), milliseconds)
                for index in 0..<Int(count) {
                    let token = unsafe tokens[index]
                    if token == Self.wakeToken {
                        var value: UInt64 = 0
                        unsafe _ = read(signal, &value, 8)
                    } else if token == Self.tickToken {
                        var value: UInt64 = 0
                        unsafe _ = read(timer, &value, 8)
                        body(token, [])
                    } else {
                        body(token, Readiness(rawValue: UInt8(truncatingIfNeeded: unsafe interests[index])))
                    }
                }
            }
        }
    }

    func close() {
        cepoll_close(timer)
        cepoll_close(signal)
        cepoll_close(queue)
    }
}
#endif
