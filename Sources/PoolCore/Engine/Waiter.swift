/// A suspended acquire.
struct Waiter: Linked {
    var generation: UInt32 = 0
    var isWaiting = false
    var lane: Int32 = 0
    var priority: Int32 = 0
    var links = Links()
    /// The order of arrival: greater than that of every earlier waiter.
    var sequence: UInt64 = 0
    var since: Nanoseconds = 0
    /// The task that will hold the lease, or 0 if the lease may move between tasks.
    var holder: UInt = 0
    /// The task that waits, or 0 if it is not known.
    var asker: UInt = 0
    /// The lane's phase times when the wait began.
    var phasesBefore = PhaseTimes()
    var tag: TagRequest?
}
