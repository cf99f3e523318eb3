internal import CLibPQ

/// The owner of a `PGcancel`: asks the server to stop what a connection is doing.
///
/// libpq documents that it may be used from another thread than the connection, and it is immutable:
/// https://www.postgresql.org/docs/15/libpq-cancel.html
final class Canceller: Sendable {
    /// The address of the `PGcancel`, which is freed in the deinitializer.
    private let address: UInt

    init(_ handle: OpaquePointer) {
        address = UInt(bitPattern: handle)
    }

    deinit {
        unsafe PQfreeCancel(OpaquePointer(bitPattern: address))
    }

    /// Connects, asks, and waits until the server has passed on the request. Blocks.
    ///
    /// False if the request failed. Then nobody knows whether it is still on its way.
    func send() -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
            unsafe PQcancel(OpaquePointer(bitPattern: address), message.baseAddress, 256) == 1
        }
    }
}
