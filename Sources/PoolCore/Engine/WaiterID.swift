/// The identity of a waiter: unique within the pool while the acquire waits. Stale identities are ignored.
struct WaiterID: TableID {
    let index: Int32
    let generation: UInt32
}
