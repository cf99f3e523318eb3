#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A descriptor that nobody else closes. It is closed with its last reference.
final class OwnedDescriptor: Sendable {
    let number: Int32

    init(duplicating descriptor: Int32) throws(EventLoopError) {
        number = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if number < 0 { throw EventLoopError(function: "fcntl", systemError: errno) }
    }

    /// No effect if it is no socket, or not connected any more.
    func shutDownWriting() {
        _ = shutdown(number, Int32(SHUT_WR))
    }

    /// Reads once, and forgets what came. True at the end of the stream, or if it cannot be read at all.
    func dropInput() -> Bool {
        unsafe withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            let count = unsafe read(number, buffer.baseAddress, buffer.count)
            return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
        }
    }

    deinit {
        close(number)
    }
}
