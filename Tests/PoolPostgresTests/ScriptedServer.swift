import Foundation
import Synchronization

/// A server on 127.0.0.1 that answers each piece that a client sends with the next of its replies, and is silent after
/// the last.
final class ScriptedServer: Sendable {
    struct CannotListen: Error {}

    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var isClosed = false
        var clients: Set<Int32> = []
        var accepted = 0
    }

    /// Clients that have connected, and those whose connection is open on their side.
    var accepted: Int { state.withLock { $0.accepted } }
    var open: Int { state.withLock { $0.clients.count } }

    /// - Parameter closes: True to close each connection after the last reply.
    init(replies: [[UInt8]], closes: Bool = false) throws {
        (listener, port) = try Self.listen(backlog: 64)
        let listener = listener
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                guard let self, self.add(client) else {
                    close(client)
                    return
                }
                Thread.detachNewThread { [weak self] in
                    Self.serve(client, replies, closes)
                    self?.remove(client)
                    close(client)
                }
            }
        }
    }

    deinit {
        // Ends the waits of the threads too.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func add(_ client: Int32) -> Bool {
        state.withLock { state in
            state.accepted += 1
            return state.clients.insert(client).inserted
        }
    }

    private func remove(_ client: Int32) { state.withLock { _ = $0.clients.remove(client) } }

    private static func serve(_ client: Int32, _ replies: [[UInt8]], _ closes: Bool) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var remaining = replies[...]
        // Until the client goes away.
        while unsafe read(client, &buffer, buffer.count) > 0 {
            guard let reply = remaining.popFirst() else { continue }
            _ = unsafe send(client, reply, reply.count, Int32(MSG_NOSIGNAL))
            if closes, remaining.isEmpty { return }
        }
    }

    static func listen(backlog: Int32) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, streamSocket, 0)
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let isBound =
                    unsafe bind(descriptor, address, length) == 0 && Foundation.listen(descriptor, backlog) == 0
                return unsafe isBound && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isListening else { throw CannotListen() }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    static var streamSocket: Int32 {
        #if canImport(Darwin)
        SOCK_STREAM
        #else
        Int32(SOCK_STREAM.rawValue)
        #endif
    }

    static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }
}

/// What a server may say: https://www.postgresql.org/docs/current/protocol-message-formats.html
enum ServerMessage {
    static let acceptsTLS = Array("S".utf8)
    static let wantsPassword = message("R", [0, 0, 0, 3])

    /// The server refuses the connection.
    static func error(_ code: String, _ text: String) -> [UInt8] {
        var fields: [UInt8] = []
        for (field, value) in [("S", "FATAL"), ("V", "FATAL"), ("C", code), ("M", text)] {
            fields += Array(field.utf8) + Array(value.utf8) + [0]
        }
        return message("E", fields + [0])
    }

    private static func message(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count + 4)
        return Array(kind.utf8) + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + body
    }
}

/// A port on 127.0.0.1 whose queue of connections is full: to connect to it takes for ever.
final class FullListener: Sendable {
    let port: UInt16
    private let descriptors: [Int32]

    init() throws {
        let (listener, port) = try ScriptedServer.listen(backlog: 0)
        var descriptors = [listener]
        // One fits into a queue of length 0; how many more are taken depends on the system.
        for _ in 0..<4 {
            let client = socket(AF_INET, ScriptedServer.streamSocket, 0)
            _ = fcntl(client, F_SETFL, O_NONBLOCK)
            var address = ScriptedServer.loopback(port: port)
            _ = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            descriptors.append(client)
        }
        (self.port, self.descriptors) = (port, descriptors)
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }
}
