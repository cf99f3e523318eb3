#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A descriptor that no other code closes. Its last reference closes it.
final class OwnedDescriptor: Sendable {
    let number: Int32

    init(duplicating descriptor: Int32) throws(EventLoopError) {
        number = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if number < 0 { throw EventLoopError(function: "fcntl", systemError: errno) }
    }

    /// Ends the writing side. No effect on a descriptor that is no socket, or is not connected any more.
    func shutDownWriting() {
        _ = shutdown(number, Int32(SHUT_WR))
    }

    /// Reads once, and drops the bytes. True at the end of the stream, or if reading fails.
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
