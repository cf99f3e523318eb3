/// The number of slots of a lane, or of the pool, in each state.
struct SlotCounts: Hashable, Sendable {
    var opening = 0
    /// The part of `opening` whose server has not answered for so long that the engine no longer counts on them.
    var silent = 0
    var abandoned = 0
    var idle = 0
    var validating = 0
    var leased = 0
    var resetting = 0
    var closing = 0

    /// All slots that count towards a maximum.
    @inline(__always)
    var total: Int { live + abandoned + closing }

    /// Connections that serve a waiter now or, if all goes well, later.
    @inline(__always)
    var live: Int { opening + idle + validating + leased + resetting }

    /// Connections that exist and work, as far as is known.
    var established: Int { idle + validating + leased + resetting }

    /// Connections that will be offered to a waiter soon, without a release.
    @inline(__always)
    var onTheWay: Int { opening - silent + validating + resetting }

    mutating func change(_ state: SlotState, by amount: Int) {
        switch state {
        case .free: break
        case .opening: opening += amount
        case .abandoned: abandoned += amount
        case .idle: idle += amount
        case .validating: validating += amount
        case .leased: leased += amount
        case .resetting: resetting += amount
        case .closing: closing += amount
        }
    }
}
