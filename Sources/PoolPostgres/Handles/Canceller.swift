internal import CLibPQ
internal import Synchronization

/// The owner of what asks the server to stop what a connection is doing.
///
/// It is independent of the connection once it is made, so that it may be used from another thread:
/// https://www.postgresql.org/docs/current/libpq-cancel.html
final class Canceller: Sendable {
    /// The address of libpq's object, which is freed in the deinitializer. From libpq 17 on, a request changes it.
    private let address: Mutex<UInt>

    init(_ handle: OpaquePointer) {
        address = Mutex(UInt(bitPattern: handle))
    }

    deinit {
        unsafe clibpq_cancel_free(OpaquePointer(bitPattern: address.withLock { $0 }))
    }

    /// Connects, asks, and waits until the server has passed on the request. Blocks.
    ///
    /// False if the request failed. Then nobody knows whether it is still on its way.
    func send() -> Bool {
        address.withLock { unsafe clibpq_cancel_send(OpaquePointer(bitPattern: $0)) == 1 }
    }
}
