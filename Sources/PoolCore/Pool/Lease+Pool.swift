extension Lease {
    /// Clears the pool that the connection belongs to, as ``Pool/clear(interrupt:)`` does without an interrupt: this connection
    /// too is closed when its lease ends.
    ///
    /// - Returns: how many connections they are, this one included; 0 in a hook, whose lease is the pool's own.
    @discardableResult
    public func clearPool() -> Int {
        pool?.clear(interrupts: false) ?? 0
    }
}
