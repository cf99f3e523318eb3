import Foundation
import PoolTesting
import Synchronization

/// Stands between clients and a server, on a port of its own, and flips single bits of what passes, at random: a server that lies, or
/// a network that is broken. Which bits of a connection are flipped depends on the seed, on how many clients came before, and on what
/// passes, and not on the pieces in which it comes.
public final class BitFlippingRelay: Sendable {
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

    /// Whose bytes are flipped.
    public enum Direction: Sendable {
        /// What the server sends, alone: what is measured is the client.
        case fromServer
        /// Both directions. The server may be told to do anything.
        case both
    }

    private struct State {
        var open: [Int: Pair] = [:]
        var clientCount = 0
        var flips = 0
        var isFlipping = true
        var isStopped = false
    }

    public let port: Int
    private let listener: Int32
    private let target: Target
    private let direction: Direction
    private let seed: UInt64
    private let meanDistance: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - seed: What decides which bits are flipped. Print it.
    ///   - meanDistance: One bit in so many bytes is flipped, on average.
    public init(to target: Target, seed: UInt64, meanDistance: Int, direction: Direction = .fromServer) throws {
        let (listener, port) = try Sockets.listen()
        (self.listener, self.port, self.target) = (listener, Int(port), target)
        (self.direction, self.seed, self.meanDistance) = (direction, seed, max(1, meanDistance))
        Thread.detachNewThread { self.accept() }
    }

    /// How many bits were flipped.
    public var flips: Int { state.withLock { $0.flips } }

    /// From now on everything passes as it is. Ends the connections that there are, whose two ends may have lost each other.
    public func heal() {
        state.withLock { state in
            state.isFlipping = false
            for pair in state.open.values { pair.shutDown() }
        }
    }

    /// Takes no more clients, and ends those that there are. To be called once.
    public func stop() {
        heal()
        state.withLock { $0.isStopped = true }
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
            Thread.detachNewThread {
                self.pass(from: pair.client, to: pair.server, of: pair, number, isFlipped: self.direction == .both)
            }
            Thread.detachNewThread {
                self.pass(from: pair.server, to: pair.client, of: pair, number, isFlipped: true)
                self.state.withLock { $0.open[number] = nil }
            }
        }
    }

    private func pass(from source: Int32, to target: Int32, of pair: Pair, _ number: Int, isFlipped: Bool) {
        defer { pair.shutDown() }
        var flipper = BitFlipper(
            seed: seed &+ UInt64(number) &* 2 &+ (source == pair.server ? 1 : 0), meanDistance: meanDistance)
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &bytes, bytes.count, 0)
            if count <= 0 { return }
            if isFlipped, state.withLock({ $0.isFlipping }) {
                let flips = flipper.flip(&bytes[..<count])
                state.withLock { $0.flips += flips }
            }
            if !send(bytes[..<count], to: target) { return }
        }
    }

    private func send(_ bytes: ArraySlice<UInt8>, to target: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Foundation.send(target, $0.baseAddress, $0.count, Sockets.noSignal) }
            if sent <= 0 { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}

/// Flips bits of a stream of bytes.
private struct BitFlipper {
    private var random: SeededRandom
    private let meanDistance: Int
    /// How many bytes pass before the next flip.
    private var left = 0

    init(seed: UInt64, meanDistance: Int) {
        random = SeededRandom(seed: seed)
        self.meanDistance = meanDistance
        left = distance()
    }

    private mutating func distance() -> Int { Int.random(in: 0..<meanDistance * 2, using: &random) }

    /// Returns how many were flipped.
    mutating func flip(_ bytes: inout ArraySlice<UInt8>) -> Int {
        var flips = 0
        var position = bytes.startIndex
        while bytes.endIndex - position > left {
            position += left
            bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            flips += 1
            position += 1
            left = distance()
        }
        left -= bytes.endIndex - position
        return flips
    }
}
