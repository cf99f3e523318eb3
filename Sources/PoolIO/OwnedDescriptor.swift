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

    deinit {
        close(number)
    }
}
