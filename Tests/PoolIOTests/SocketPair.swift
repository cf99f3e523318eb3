import Foundation

/// Two connected sockets: what is written to one is read from the other.
final class SocketPair: Sendable {
    let near: Int32
    let far: Int32

    init() throws {
        var descriptors: [Int32] = [-1, -1]
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        guard unsafe socketpair(AF_UNIX, kind, 0, &descriptors) == 0 else { throw POSIXError(.EMFILE) }
        near = descriptors[0]
        far = descriptors[1]
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        close(near)
        close(far)
    }

    func send(_ count: Int = 1) {
        let bytes = [UInt8](repeating: 7, count: count)
        unsafe _ = write(far, bytes, count)
    }

    /// Reads all that is there from the near end.
    func receive() -> Int {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        return unsafe read(near, &bytes, bytes.count)
    }

    /// False once the near end sends no more.
    var isOpenForFar: Bool {
        var byte: UInt8 = 0
        return unsafe read(far, &byte, 1) != 0
    }

    /// Writes to the near end until it takes no more.
    func fill() {
        let bytes = [UInt8](repeating: 7, count: 65_536)
        while unsafe write(near, bytes, bytes.count) > 0 {}
    }

    /// Reads all that is there from the far end.
    func drain() {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while unsafe read(far, &bytes, bytes.count) > 0 {}
    }
}
