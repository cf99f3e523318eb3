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

    /// Duplicates the socket. Nil if the process has no descriptor left.
    init?(duplicating original: Int32) {
        let duplicate = fcntl(original, F_DUPFD_CLOEXEC, 0)
        if duplicate < 0 { return nil }
        descriptor = duplicate
    }

    deinit { close(descriptor) }

    /// Ends the connection in both directions: a call that waits for it returns with an error.
    func shutDown() { Self.shutDown(descriptor) }

    static func shutDown(_ descriptor: Int32) { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Keeps programs that this process starts from inheriting the logged-in socket. libmariadb does not.
    static func closeInChildren(_ descriptor: Int32) {
        let flags = fcntl(descriptor, F_GETFD)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
    }

    /// True if input has arrived. On an idle connection that is the server's goodbye.
    var hasInput: Bool { Self.hasInput(descriptor) }

    static func hasInput(_ descriptor: Int32) -> Bool { wait(for: descriptor, Int16(POLLIN), milliseconds: 0) != 0 }

    /// Drops input until the other side has ended the connection, for about `milliseconds` at most.
    func waitForEnd(milliseconds: Int64) {
        let end = ClientLibrary.coarseMilliseconds() + milliseconds
        unsafe withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { bytes in
            while true {
                let left = Int32(clamping: end - ClientLibrary.coarseMilliseconds())
                if left <= 0 || Self.wait(for: descriptor, Int16(POLLIN), milliseconds: left) <= 0 { return }
                let count = unsafe recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
                if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return }
            }
        }
    }

    /// The address of the other side, in digits; nil for a Unix socket.
    var peerAddress: String? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard unsafe getpeername(descriptor, address, &length) == 0,
                    unsafe [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family))
                else { return -1 as Int32 }
                return unsafe getnameinfo(
                    address, length, &name, socklen_t(name.count), nil, 0, Int32(NI_NUMERICHOST))
            }
        }
        return result == 0
            ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Works like poll(2) for one descriptor.
    static func wait(for descriptor: Int32, _ events: Int16, milliseconds: Int32) -> Int32 {
        var request = pollfd(fd: descriptor, events: events, revents: 0)
        var result: Int32
        repeat {
            result = unsafe poll(&request, 1, milliseconds)
        } while result < 0 && errno == EINTR
        return result
    }
}
