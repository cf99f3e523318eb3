import Foundation
import ServerTestSupport
import Synchronization

/// A server that speaks to its first client as a test wants it to.
final class ScriptedServer: Sendable {
    struct Ended: Error {}

    let port: UInt16
    private let outcome: Task<[UInt8], Never>

    /// Calls `script` with the first client. What it returns is ``result()``.
    init(_ script: @escaping @Sendable (ScriptedClient) throws -> [UInt8]) throws {
        let listener = try SilentListener()
        port = listener.port
        // Nothing of it waits for Swift's threads, which many tests may share: the client's own time-outs go on.
        let (results, result) = AsyncStream<[UInt8]>.makeStream()
        Thread.detachNewThread {
            let client = listener.acceptClient()
            result.yield((try? script(ScriptedClient(descriptor: client))) ?? [])
            // Also for who has a copy of it.
            shutdown(client, Int32(SHUT_RDWR))
            close(client)
            result.finish()
        }
        outcome = Task { await results.first { _ in true } ?? [] }
    }

    /// What the script returned; empty if it failed.
    func result() async -> [UInt8] { await outcome.value }

    /// The first packet of a MySQL 8 server, which has no TLS unless `hasTLS`, and whose users have `plugin` by
    /// default.
    static func greeting(hasTLS: Bool = false, plugin: String = "mysql_native_password") -> [UInt8] {
        let capabilities: UInt32 = 0x001F_A28B | (hasTLS ? 0x800 : 0)
        func bytes(_ value: UInt32, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        var packet: [UInt8] = [10] + Array("8.0.11\0".utf8) + bytes(7, 4) + Array("abcdefgh\0".utf8)
        packet += bytes(capabilities & 0xFFFF, 2) + [45] + bytes(2, 2) + bytes(capabilities >> 16, 2) + [21]
        packet += Array(repeating: 0, count: 10) + Array("ijklmnopqrst\0".utf8)
        return packet + Array("\(plugin)\0".utf8)
    }
}

/// The other end of a connection to a ``ScriptedServer``.
struct ScriptedClient {
    let descriptor: Int32

    func send(_ number: UInt8, _ bytes: [UInt8]) throws {
        let count = bytes.count
        let packet = [UInt8(count & 255), UInt8(count >> 8 & 255), UInt8(count >> 16 & 255), number] + bytes
        guard
            unsafe packet.withUnsafeBytes({ unsafe Foundation.send(descriptor, $0.baseAddress, $0.count, 0) })
                == packet.count
        else { throw ScriptedServer.Ended() }
    }

    func receive() throws -> (number: UInt8, bytes: [UInt8]) {
        let head = try take(4)
        return (head[3], try take(Int(head[0]) | Int(head[1]) << 8 | Int(head[2]) << 16))
    }

    /// Returns once the client has gone away.
    func waitForEnd() {
        while (try? take(1)) != nil {}
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var piece = [UInt8](repeating: 0, count: count - bytes.count)
            let size = unsafe piece.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if size <= 0 { throw ScriptedServer.Ended() }
            bytes += piece.prefix(size)
        }
        return bytes
    }
}

/// Leads its first client to the first of several ports, the second to the second, and so on in turn.
final class AlternatingProxy: Sendable {
    let port: UInt16
    private let listener: SilentListener
    private let isStopped = Flag()

    init(_ ports: [Int]) throws {
        let listener = try SilentListener()
        self.listener = listener
        port = listener.port
        let isStopped = isStopped
        Thread.detachNewThread {
            var count = 0
            while true {
                let client = listener.acceptClient()
                if isStopped.isSet || client < 0 { return }
                let server = Self.connect(to: ports[count % ports.count])
                count += 1
                Self.copy(client, server)
                Self.copy(server, client)
            }
        }
    }

    /// Takes no more clients.
    func stop() {
        isStopped.set()
        close(Self.connect(to: Int(port)))
    }

    static func connect(to port: Int) -> Int32 {
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe Foundation.connect(descriptor, address, length)
            }
        }
        return descriptor
    }

    /// Passes on what `source` sends, on a thread of its own.
    static func copy(_ source: Int32, _ target: Int32) {
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(source, $0.baseAddress, $0.count, 0) }
                if count <= 0 { break }
                let sent = unsafe bytes.withUnsafeBytes {
                    unsafe Foundation.send(target, $0.baseAddress, count, Int32(MSG_NOSIGNAL))
                }
                if sent != count { break }
            }
            // The other direction ends with it; the descriptors stay until the process ends, so that none is used
            // twice.
            _ = shutdown(target, Int32(SHUT_RDWR))
            _ = shutdown(source, Int32(SHUT_RDWR))
        }
    }
}
