import Foundation
import PoolMySQL
import Testing

/// What the next lease of a connection finds: once an error was told of, the reset removes the server's message.
func conditionAfterRelease(_ driver: MySQLDriver, _ connection: MySQLConnection) async throws -> ConnectionCondition {
    if connection.condition == .dirty { try await connection.reset() }
    return connection.condition
}

/// Takes so many connections at once, and has each answer.
func hold(_ count: Int, of pool: MySQLPool) async throws {
    guard count > 0 else { return }
    var lease = try await pool.acquire(AcquireOptions(timeout: .seconds(30)))
    #expect(try await lease.query("SELECT \(count)").decode(Int.self) == [count])
    try await hold(count - 1, of: pool)
    lease.release()
}

/// Sends a signal to a process of the private server, whose user may be another.
func signal(_ process: Int64, _ name: String) -> Bool {
    let kill = Process()
    kill.executableURL = URL(filePath: "/bin/kill")
    kill.arguments = ["-\(name)", "\(process)"]
    do {
        try kill.run()
    } catch {
        return false
    }
    kill.waitUntilExit()
    return kill.terminationStatus == 0
}

/// A server that takes connections and never says a word.
final class SilentListener: Sendable {
    struct CannotListen: Error {}

    let port: UInt16
    private let descriptor: Int32

    init() throws {
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        descriptor = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let isBound = unsafe bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0
                return unsafe isBound && getsockname(descriptor, address, &length) == 0
            }
        }
        guard result else { throw CannotListen() }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(descriptor)
    }

    func acceptClient() -> Int32 { accept(descriptor, nil, nil) }

    /// Returns once somebody has connected.
    func waitForClient() async {
        let descriptor = descriptor
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let client = accept(descriptor, nil, nil)
                continuation.resume()
                var byte: UInt8 = 0
                // Until the client goes away.
                while unsafe read(client, &byte, 1) > 0 {}
                close(client)
            }
        }
    }
}
