/// A generational index: table position plus the generation that was there. Stale ids are ignored.
@usableFromInline
struct Ticket<Tenant>: Hashable, Sendable {
    let index: Int32
    let generation: UInt32
}

@usableFromInline
enum ConnectionTenant {}
@usableFromInline
enum WaiterTenant {}

@usableFromInline
typealias ConnectionTicket = Ticket<ConnectionTenant>
@usableFromInline
typealias WaiterTicket = Ticket<WaiterTenant>

extension Ticket {
    var position: Int { Int(index) }
}

/// The index that stands for no place.
let nowhere: Int32 = -1

/// Nanoseconds on the pool's clock. The engine compares and adds them, and never asks for the time.
typealias Nanoseconds = Int64

extension Nanoseconds {
    /// An instant or a duration that is never reached.
    static let never = Int64.max

    /// Adds an interval; stays at ``never`` instead of wrapping around.
    func adding(_ interval: Nanoseconds) -> Nanoseconds {
        let (sum, overflow) = addingReportingOverflow(interval)
        return overflow ? .never : sum
    }
}
