internal import CMariaDB

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A duplicate of a connection's socket, which any thread may ask or shut down while libmariadb uses the original.
final class Socket: Sendable {
    private let descriptor: Int32

    /// Nil if the system has no descriptor left.
    init?(duplicating original: Int32) {
        #if canImport(Darwin)
        let duplicate = fcntl(original, F_DUPFD_CLOEXEC, 0)
        #else
        let duplicate = fcntl(original, F_DUPFD_CLOEXEC, 0)
        #endif
        if duplicate < 0 { return nil }
        descriptor = duplicate
    }

    deinit { close(descriptor) }

    /// Ends the connection for both sides: a call that waits for it returns with an error.
    func shutDown() { Self.shutDown(descriptor) }

    static func shutDown(_ descriptor: Int32) { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// True if something has come. On a connection where nothing runs that is the server's goodbye.
    var hasInput: Bool { Self.wait(for: descriptor, Int16(POLLIN), milliseconds: 0) != 0 }

    /// As poll(2) for one descriptor.
    static func wait(for descriptor: Int32, _ events: Int16, milliseconds: Int32) -> Int32 {
        var request = pollfd(fd: descriptor, events: events, revents: 0)
        var result: Int32
        repeat {
            result = unsafe poll(&request, 1, milliseconds)
        } while result < 0 && errno == EINTR
        return result
    }
}
