import Foundation
import Synchronization

/// Stands between clients and a server, on a port of its own, and changes what passes as a test wants it.
public final class EditingRelay: Sendable {
    public enum Target: Sendable {
        /// A port of 127.0.0.1.
        case port(Int)
        /// A Unix socket.
        case path(String)

        fileprivate func connect() throws -> Int32 {
            switch self {
            case .port(let port): try Sockets.connect(toPort: port)
            case .path(let path): try Sockets.connect(to: path)
            }
        }
    }

    /// Who sends what is edited.
    public enum Source: Sendable {
        case client, server
    }

    /// Changes a piece of what passes, as it came from a socket. Called on one thread.
    public typealias Edit = (_ bytes: inout [UInt8]) -> Void

    private struct State {
        var open: [Int: Pair] = [:]
        var clientCount = 0
        var isStopped = false
    }

    public let port: Int
    private let listener: Int32
    private let target: Target
    private let makeEdit: @Sendable (_ client: Int, Source) -> Edit
    private let state = Mutex(State())

    /// - Parameter makeEdit: Called twice for each client; the clients are counted from 1.
    public init(to target: Target, _ makeEdit: @escaping @Sendable (_ client: Int, Source) -> Edit) throws {
        let (listener, port) = try Sockets.listen()
        (self.listener, self.port, self.target, self.makeEdit) = (listener, Int(port), target, makeEdit)
        Thread.detachNewThread { self.accept() }
    }

    /// Ends the connections that there are.
    public func cut() {
        state.withLock { state in
            for pair in state.open.values { pair.shutDown() }
        }
    }

    /// Takes no more clients, and ends those that there are. To be called once.
    public func stop() {
        state.withLock { $0.isStopped = true }
        cut()
        // Wakes the thread that accepts, which closes the listener.
        if let last = try? Sockets.connect(toPort: port) { close(last) }
    }

    // MARK: On threads of its own

    /// The two ends of a client's connection, closed once nobody reads them any more.
    private final class Pair: Sendable {
        let client: Int32
        let server: Int32

        init(client: Int32, server: Int32) {
            (self.client, self.server) = (client, server)
        }

        deinit {
            close(client)
            close(server)
        }

        func shutDown() {
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
    }

    private func accept() {
        while true {
            let client = Foundation.accept(listener, nil, nil)
            if client < 0 || state.withLock({ $0.isStopped }) {
                if client >= 0 { close(client) }
                close(listener)
                return
            }
            guard let server = try? target.connect() else {
                close(client)
                continue
            }
            let pair = Pair(client: client, server: server)
            let number = state.withLock { state in
                state.clientCount += 1
                state.open[state.clientCount] = pair
                return state.clientCount
            }
            Thread.detachNewThread { self.pass(.client, of: pair, number) }
            Thread.detachNewThread {
                self.pass(.server, of: pair, number)
                self.state.withLock { $0.open[number] = nil }
            }
        }
    }

    private func pass(_ source: Source, of pair: Pair, _ number: Int) {
        defer { pair.shutDown() }
        let (from, to) = source == .client ? (pair.client, pair.server) : (pair.server, pair.client)
        let edit = makeEdit(number, source)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(from, &buffer, buffer.count, 0)
            if count <= 0 { return }
            var bytes = Array(buffer[..<count])
            edit(&bytes)
            if !send(bytes, to: to) { return }
        }
    }

    private func send(_ bytes: [UInt8], to target: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Foundation.send(target, $0.baseAddress, $0.count, Sockets.noSignal) }
            if sent <= 0 { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}
