internal import CLibPQ
internal import PoolIO
internal import Synchronization

/// The owner of libpq's object for cancel requests, which ask the server to stop a connection's statement.
///
/// Independent of the connection once it is made, so that another thread may use it:
/// https://www.postgresql.org/docs/current/libpq-cancel.html
final class StatementCanceller: Sendable {
    /// The address of libpq's object, which is freed in the deinitializer. From libpq 17 on, a request changes the
    /// object.
    private let address: Mutex<UInt>
    private let threads: HelperThreads

    /// - Parameter threads: The threads for requests to the connection's server.
    init(_ handle: OpaquePointer, threads: HelperThreads) {
        address = Mutex(UInt(bitPattern: handle))
        self.threads = threads
    }

    deinit {
        unsafe clibpq_cancel_free(OpaquePointer(bitPattern: address.withLock { $0 }))
    }

    /// Connects, sends the request, and waits on another thread until the server has passed it on.
    ///
    /// - Parameters:
    ///   - deadline: When the request is given up, with libpq 17 or newer. An older libpq waits until the network
    ///     gives up.
    ///   - completion: Called with false if the request failed. Whether it is still on its way is unknown then.
    /// - Returns: False if too many requests to the server are on their way already; then nothing is sent.
    func send(until deadline: ContinuousClock.Instant, completion: @escaping @Sendable (Bool) -> Void) -> Bool {
        threads.startAtOnce {
            let isSent = self.address.withLock {
                unsafe clibpq_cancel_send(OpaquePointer(bitPattern: $0), deadline.millisecondsFromNow) == 1
            }
            completion(isSent)
        }
    }
}
