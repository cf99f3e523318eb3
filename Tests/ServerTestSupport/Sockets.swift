import Foundation

/// What tests need of sockets: on this machine, and blocking.
public enum Sockets {
    struct CannotConnect: Error {}

    #if canImport(Darwin)
    public static let stream = SOCK_STREAM
    public static let noSignal: Int32 = 0
    #else
    public static let stream = Int32(SOCK_STREAM.rawValue)
    public static let noSignal = Int32(MSG_NOSIGNAL)
    #endif

    /// A listener on a free port of 127.0.0.1.
    public static func listen() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, stream, 0)
        var address = address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let isBound = bind(descriptor, address, length) == 0
                return isBound && Foundation.listen(descriptor, 16) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isListening else { throw CannotConnect() }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// A connection to a Unix socket.
    public static func connect(to path: String) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { place in
            place.copyBytes(from: Array(path.utf8.prefix(100)))
        }
        return try connect(AF_UNIX, address)
    }

    /// A connection to a port of 127.0.0.1.
    public static func connect(toPort port: Int) throws -> Int32 {
        try connect(AF_INET, address(port: UInt16(port)))
    }

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        return address
    }

    private static func connect<Address>(_ family: Int32, _ address: Address) throws -> Int32 {
        let descriptor = socket(family, stream, 0)
        let length = socklen_t(MemoryLayout<Address>.size)
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Foundation.connect(descriptor, address, length)
            }
        }
        if result != 0 {
            close(descriptor)
            throw CannotConnect()
        }
        return descriptor
    }
}
