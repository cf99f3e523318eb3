import Foundation
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
        outcome = Task {
            await listener.withClient { descriptor in (try? script(ScriptedClient(descriptor: descriptor))) ?? [] }
        }
    }

    /// What the script returned; empty if it failed.
    func result() async -> [UInt8] { await outcome.value }

    /// The first packet of a MySQL 8 server, which has no TLS unless `hasTLS`.
    static func greeting(hasTLS: Bool = false) -> [UInt8] {
        let capabilities: UInt32 = 0x001F_A28B | (hasTLS ? 0x800 : 0)
        func bytes(_ value: UInt32, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        var packet: [UInt8] = [10] + Array("8.0.11\0".utf8) + bytes(7, 4) + Array("abcdefgh\0".utf8)
        packet += bytes(capabilities & 0xFFFF, 2) + [45] + bytes(2, 2) + bytes(capabilities >> 16, 2) + [21]
        packet += Array(repeating: 0, count: 10) + Array("ijklmnopqrst\0".utf8)
        return packet + Array("mysql_native_password\0".utf8)
    }
}

/// The other end of a connection to a ``ScriptedServer``.
struct ScriptedClient {
    let descriptor: Int32

    func send(_ number: UInt8, _ bytes: [UInt8]) throws {
        let count = bytes.count
        let packet = [UInt8(count & 255), UInt8(count >> 8 & 255), UInt8(count >> 16 & 255), number] + bytes
        guard unsafe packet.withUnsafeBytes({ unsafe Foundation.send(descriptor, $0.baseAddress, $0.count, 0) }) == packet.count
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

extension SilentListener {
    /// Calls `body` with the first client, on a thread of its own.
    func withClient<Result: Sendable>(_ body: @escaping @Sendable (Int32) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let client = self.acceptClient()
                let result = body(client)
                close(client)
                continuation.resume(returning: result)
            }
        }
    }
}
