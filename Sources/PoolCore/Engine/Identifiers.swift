/// A place in a table of the engine, and which of its successive tenants is meant.
///
/// A report that names an earlier tenant is stale, and is ignored.
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

/// No place.
let nowhere: Int32 = -1

/// Nanoseconds on the pool's clock. The engine compares and adds them, and never asks for the time.
typealias Nanoseconds = Int64

extension Nanoseconds {
    /// Never.
    static let never = Int64.max

    /// Stays at ``never`` instead of wrapping around.
    func adding(_ interval: Nanoseconds) -> Nanoseconds {
        let (sum, overflow) = addingReportingOverflow(interval)
        return overflow ? .never : sum
    }
}
