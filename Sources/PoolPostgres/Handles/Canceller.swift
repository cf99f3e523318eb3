internal import CLibPQ
internal import PoolIO
internal import Synchronization

/// The owner of what asks the server to stop what a connection is doing.
///
/// It is independent of the connection once it is made, so that it may be used from another thread:
/// https://www.postgresql.org/docs/current/libpq-cancel.html
final class Canceller: Sendable {
    /// The address of libpq's object, which is freed in the deinitializer. From libpq 17 on, a request changes it.
    private let address: Mutex<UInt>
    private let threads: HelperThreads

    /// - Parameter threads: Those of the connection's server.
    init(_ handle: OpaquePointer, threads: HelperThreads) {
        address = Mutex(UInt(bitPattern: handle))
        self.threads = threads
    }

    deinit {
        unsafe clibpq_cancel_free(OpaquePointer(bitPattern: address.withLock { $0 }))
    }

    /// Connects, asks, and waits on another thread until the server has passed on the request.
    ///
    /// - Parameters:
    ///   - deadline: When the request is given up, with libpq 17 or newer. An older libpq waits until the network gives
    ///     up.
    ///   - completion: Called with false if the request failed. Then nobody knows whether it is still on its way.
    /// - Returns: False if too many requests to the server are on their way already. Then nothing is sent.
    func send(until deadline: ContinuousClock.Instant, completion: @escaping @Sendable (Bool) -> Void) -> Bool {
        threads.startAtOnce {
            let isSent = self.address.withLock {
                unsafe clibpq_cancel_send(OpaquePointer(bitPattern: $0), deadline.millisecondsFromNow) == 1
            }
            completion(isSent)
        }
    }
}
