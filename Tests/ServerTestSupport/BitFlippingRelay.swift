import PoolTesting
import Synchronization

/// Stands between clients and a server, on a port of its own, and flips single bits of what passes, at random: a server
/// that lies, or a network that is broken. Which bits of a connection are flipped depends on the seed, on how many
/// clients came before, and on what passes, and not on the pieces in which it comes.
public final class BitFlippingRelay: Sendable {
    /// Whose bytes are flipped.
    public enum Direction: Sendable {
        /// What the server sends, alone: what is measured is the client.
        case fromServer
        /// Both directions. The server may be told to do anything.
        case both
    }

    private struct State {
        var flips = 0
        var isFlipping = true
    }

    private let relay: EditingRelay
    private let state: StateBox

    private final class StateBox: Sendable {
        let state = Mutex(State())
    }

    /// - Parameters:
    ///   - seed: What decides which bits are flipped. Print it.
    ///   - meanDistance: One bit in so many bytes is flipped, on average.
    public init(
        to target: EditingRelay.Target, seed: UInt64, meanDistance: Int, direction: Direction = .fromServer
    ) throws {
        let state = StateBox()
        self.state = state
        relay = try EditingRelay(to: target) { client, source in
            var flipper = BitFlipper(
                seed: seed &+ UInt64(client) &* 2 &+ (source == .server ? 1 : 0), meanDistance: max(1, meanDistance))
            return { bytes in
                guard source == .server || direction == .both, state.state.withLock({ $0.isFlipping }) else { return }
                let flips = flipper.flip(&bytes)
                state.state.withLock { $0.flips += flips }
            }
        }
    }

    public var port: Int { relay.port }

    /// How many bits were flipped.
    public var flips: Int { state.state.withLock { $0.flips } }

    /// From now on everything passes as it is. Ends the connections that there are, whose two ends may have lost each
    /// other.
    public func heal() {
        state.state.withLock { $0.isFlipping = false }
        relay.cut()
    }

    /// Takes no more clients, and ends those that there are. To be called once.
    public func stop() { relay.stop() }
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
    mutating func flip(_ bytes: inout [UInt8]) -> Int {
        var flips = 0
        var position = 0
        while bytes.count - position > left {
            position += left
            bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            flips += 1
            position += 1
            left = distance()
        }
        left -= bytes.count - position
        return flips
    }
}
