import Foundation
import Synchronization

/// Stands between clients and a server, and counts the sessions that have not ended on the server: it takes long to end
/// one, as a busy server may.
final class Relay: Sendable {
    private struct State {
        var open = 0
        var most = 0
        var firstBytes: [[UInt8]] = []
        var servers: [Int32] = []
        var latestStatement: [UInt8] = []
        var isStopped = false
    }

    let port: UInt16
    private let target: Int
    private let listener: SilentListener
    private let state = Mutex(State())
    /// Signalled for each client, so that an end is held until somebody comes who did not wait for it.
    private let arrivals = DispatchSemaphore(value: 0)

    init(to server: PrivateMariaDB) throws {
        let listener = try SilentListener()
        self.listener = listener
        (port, target) = (listener.port, server.port)
        Thread.detachNewThread { self.accept() }
    }

    /// How many sessions there were at once, at most.
    var most: Int { state.withLock { $0.most } }

    /// What each client has sent first, in order of arrival: its login.
    var logins: [String] { state.withLock { $0.firstBytes.map { String(decoding: $0, as: UTF8.self) } } }

    /// Frees the prepared statement on the server that the first client ran last, of which that client knows nothing.
    /// The numbers of statements go on from those of sessions before. There is no answer.
    func closeLatestStatement() {
        let (server, statement) = state.withLock { ($0.servers[0], $0.latestStatement) }
        // COM_STMT_CLOSE
        let packet: [UInt8] = [5, 0, 0, 0, 0x19] + statement
        _ = unsafe packet.withUnsafeBytes {
            unsafe Foundation.send(server, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Takes no more clients.
    func stop() {
        state.withLock { $0.isStopped = true }
        close(AlternatingProxy.connect(to: Int(port)))
    }

    private func accept() {
        while true {
            let client = listener.acceptClient()
            let number = state.withLock { state -> Int? in
                if state.isStopped || client < 0 { return nil }
                state.firstBytes.append([])
                state.open += 1
                state.most = max(state.most, state.open)
                return state.firstBytes.count - 1
            }
            guard let number else { return }
            arrivals.signal()
            let server = AlternatingProxy.connect(to: target)
            state.withLock { $0.servers.append(server) }
            Thread.detachNewThread {
                self.copy(client, server) { bytes in
                    self.state.withLock { state in
                        if state.firstBytes[number].isEmpty { state.firstBytes[number] = Array(bytes) }
                        // COM_STMT_EXECUTE
                        if bytes.count > 9, bytes[4] == 0x17 { state.latestStatement = Array(bytes[5..<9]) }
                    }
                }
                // It has said goodbye already where it is in order.
                shutdown(server, Int32(SHUT_WR))
            }
            Thread.detachNewThread {
                self.copy(server, client) { _ in }
                while self.arrivals.wait(timeout: .now()) == .success {}
                _ = self.arrivals.wait(timeout: .now() + 0.3)
                self.state.withLock { $0.open -= 1 }
                shutdown(client, Int32(SHUT_RDWR))
            }
        }
    }

    /// Returns when `source` has ended. The descriptors stay until the process ends, so that none is used twice.
    private func copy(_ source: Int32, _ target: Int32, observing: (ArraySlice<UInt8>) -> Void) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(source, $0.baseAddress, $0.count, 0) }
            if count <= 0 { return }
            observing(bytes[..<count])
            let sent = unsafe bytes.withUnsafeBytes {
                unsafe Foundation.send(target, $0.baseAddress, count, Int32(MSG_NOSIGNAL))
            }
            if sent != count { return }
        }
    }
}
