/// A suspended acquire.
struct Waiter: Linked {
    let lane: Int
    let priority: Int32
    var links = Links()
    /// The order of arrival: greater than that of every earlier waiter.
    let sequence: UInt64
    let since: Nanoseconds
    /// The task that will hold the lease, or 0 if the lease may move between tasks.
    let holder: UInt
    /// The task that waits, or 0 if it is not known.
    let asker: UInt
    /// The lane's phase times when the wait began.
    let phasesBefore: PhaseTimes
    let tag: TagRequest?
}
