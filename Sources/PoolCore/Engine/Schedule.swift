/// The deadlines of slots and waiters, and the one alarm that is set for them and for everything else that is due.
struct Schedule {
    /// The instant for which the alarm is set.
    private(set) var armedAt = Nanoseconds.never
    /// Connect, validation and reset deadlines and lifetimes, by slot.
    private var slots = DeadlineHeap()
    private var waiters = DeadlineQueue()
    /// The lease that began first of those that have had no leak warning.
    private(set) var firstUnwarnedLease: Int32?

    /// Asks for an alarm at `instant`, unless an earlier one is on its way.
    mutating func arm(_ instant: Nanoseconds, _ turn: inout Turn) {
        guard instant < armedAt else { return }
        armedAt = instant
        turn.effects.append(.setAlarm(instant))
    }

    /// Notes that the alarm has gone off.
    mutating func disarm() {
        armedAt = .never
    }

    /// The earliest deadline of a slot or a waiter.
    var earliest: Nanoseconds {
        min(waiters.earliest?.due ?? .never, slots.earliest?.due ?? .never)
    }

    // MARK: Slots

    mutating func setDeadline(of slot: Int32, _ due: Nanoseconds, _ turn: inout Turn) {
        setDeadline(of: slot, due)
        arm(due, &turn)
    }

    /// Sets a deadline without an alarm, if the caller asks for the next alarm later.
    mutating func setDeadline(of slot: Int32, _ due: Nanoseconds) {
        slots.set(slot, due: due)
    }

    mutating func removeDeadline(of slot: Int32) {
        slots.remove(slot)
    }

    func deadline(of slot: Int32) -> Nanoseconds? { slots.due(of: slot) }

    /// Takes the next slot whose deadline has come.
    mutating func takeLateSlot(_ now: Nanoseconds) -> Int32? {
        guard let (due, slot) = slots.earliest, due <= now else { return nil }
        slots.remove(slot)
        return slot
    }

    // MARK: Waiters

    mutating func add(waiter: Int32, _ due: Nanoseconds, _ turn: inout Turn) {
        waiters.insert(waiter, due: due)
        arm(due, &turn)
    }

    mutating func remove(waiter: Int32) {
        waiters.remove(waiter)
    }

    /// The waiter whose deadline came first, if it has come.
    func lateWaiter(_ now: Nanoseconds) -> Int32? {
        guard let (due, waiter) = waiters.earliest, due <= now else { return nil }
        return waiter
    }

    // MARK: Leak warnings

    /// Notes a lease that is the last to have begun.
    mutating func add(lease slot: Int32) {
        if firstUnwarnedLease == nil { firstUnwarnedLease = slot }
    }

    /// Notes that the lease in `slot` has ended, or has had its warning.
    ///
    /// - Parameter next: the lease that began after it.
    mutating func remove(lease slot: Int32, next: Int32?) {
        if firstUnwarnedLease == slot { firstUnwarnedLease = next }
    }

    // MARK: For the engine's own check

    var isConsistent: Bool { slots.isConsistent && waiters.isConsistent }

    /// False if a waiter's deadline comes before the alarm.
    var isArmedForWaiters: Bool { armedAt <= waiters.earliest?.due ?? .never }
}
