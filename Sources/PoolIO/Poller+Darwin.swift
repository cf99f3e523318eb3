#if canImport(Darwin)
internal import Darwin

/// The system's list of watched descriptors: kqueue. All functions but ``wait(_:_:)`` and ``close()`` may be called
/// from any thread.
struct Poller: Sendable {
    /// The identity of the event with which other threads wake the loop.
    static let wakeToken = UInt64.max
    /// The token of the ticks.
    static let tickToken = UInt64.max - 1
    private static let capacity = 64

    private let queue: Int32

    init() throws(EventLoopError) {
        queue = kqueue()
        if queue < 0 { throw EventLoopError(function: "kqueue", systemError: errno) }
        _ = fcntl(queue, F_SETFD, FD_CLOEXEC)
        _ = unsafe Self.change(
            queue,
            kevent(
                ident: 0, filter: Int16(EVFILT_USER), flags: UInt16(EV_ADD | EV_CLEAR), fflags: 0, data: 0, udata: nil))
    }

    private static func change(_ queue: Int32, _ event: kevent) -> Int32 {
        var event = unsafe event
        return unsafe kevent(queue, &event, 1, nil, 0, nil) == 0 ? 0 : errno
    }

    /// Starts the ticks, or restarts them: each ``EventLoop/tick`` there is an event with the ``tickToken``. A
    /// time-out of the wait instead would make the system set a timer for each wait.
    func startTicking() {
        _ = unsafe Self.change(
            queue,
            kevent(
                ident: 0, filter: Int16(EVFILT_TIMER), flags: UInt16(EV_ADD), fflags: UInt32(NOTE_NSECONDS),
                data: EventLoop.tick, udata: nil))
    }

    func stopTicking() {
        _ = unsafe Self.change(
            queue,
            kevent(ident: 0, filter: Int16(EVFILT_TIMER), flags: UInt16(EV_DELETE), fflags: 0, data: 0, udata: nil))
    }

    /// Watches a descriptor. Edge-triggered: an event reports a change, and does not come again.
    func add(_ descriptor: Int32, token: UInt64) throws(EventLoopError) {
        let result = setFilters(of: descriptor, UInt16(EV_ADD | EV_CLEAR), token)
        if result != 0 { throw EventLoopError(function: "kevent", systemError: result) }
    }

    /// Makes the system report again what a watched descriptor is ready for: adding a filter that exists checks the
    /// descriptor again. False if the system refuses.
    func tellAgain(_ descriptor: Int32, token: UInt64) -> Bool {
        setFilters(of: descriptor, UInt16(EV_ADD | EV_CLEAR), token) == 0
    }

    /// Stops watching a descriptor. Fails silently for one that was closed: the system has removed it already.
    func remove(_ descriptor: Int32) {
        _ = setFilters(of: descriptor, UInt16(EV_DELETE), 0)
    }

    private func setFilters(of descriptor: Int32, _ flags: UInt16, _ token: UInt64) -> Int32 {
        for filter in [EVFILT_READ, EVFILT_WRITE] {
            let event = unsafe kevent(
                ident: UInt(descriptor), filter: Int16(filter), flags: flags, fflags: 0, data: 0,
                udata: UnsafeMutableRawPointer(bitPattern: UInt(token)))
            let result = unsafe Self.change(queue, event)
            if result != 0 { return result }
        }
        return 0
    }

    /// Makes the current wait, or else the next one, return.
    func wake() {
        _ = unsafe Self.change(
            queue, kevent(ident: 0, filter: Int16(EVFILT_USER), flags: 0, fflags: NOTE_TRIGGER, data: 0, udata: nil))
    }

    /// Waits for at most `milliseconds`, -1 being forever. Calls `body` for each event except the wake-up.
    func wait(_ milliseconds: Int32, _ body: (UInt64, Readiness) -> Void) {
        var timeout = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
        unsafe withUnsafeTemporaryAllocation(of: kevent.self, capacity: Self.capacity) { events in
            let count =
                milliseconds < 0
                ? unsafe kevent(queue, nil, 0, events.baseAddress, Int32(Self.capacity), nil)
                : unsafe kevent(queue, nil, 0, events.baseAddress, Int32(Self.capacity), &timeout)
            for index in 0..<max(0, Int(count)) {
                let event = unsafe events[index]
                if unsafe Int32(event.filter) == EVFILT_USER { continue }
                if unsafe Int32(event.filter) == EVFILT_TIMER {
                    body(Self.tickToken, [])
                    continue
                }
                let token = unsafe UInt64(UInt(bitPattern: event.udata))
                var readiness: Readiness = unsafe Int32(event.filter) == EVFILT_WRITE ? .write : .read
                if unsafe Int32(event.flags) & EV_EOF != 0 { readiness.formUnion([.read, .end]) }
                body(token, readiness)
            }
        }
    }

    func close() {
        _ = Darwin.close(queue)
    }
}
#endif
