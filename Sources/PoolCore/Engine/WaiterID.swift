/// The identity of a waiter: unique within the pool while the acquire waits. Stale identities are ignored.
struct WaiterID: Hashable, Sendable {
    let index: Int32
    let generation: UInt32

    var position: Int { Int(index) }
}

/// The index that stands for no place.
let nowhere: Int32 = -1
