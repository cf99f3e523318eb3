/// The exclusive right to a connection.
public struct Lease<Driver: PoolDriver>: ~Copyable {
    public let handle: ConnectionHandle<Driver>
    init(handle: ConnectionHandle<Driver>) { self.handle = handle }

    public consuming func release() {}
    public consuming func discard(reason: String) {}
    public mutating func invalidate(reason: String) {}
}
