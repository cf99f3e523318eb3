/// A connect, a validation or a reset. The number tells the jobs of a slot apart.
struct Job: Sendable {
    let id: ConnectionID
    let number: UInt64
}
