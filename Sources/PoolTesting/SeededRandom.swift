public import PoolCore
internal import Synchronization

/// Random numbers that are the same for the same seed, on every machine: SplitMix64.
///
/// The algorithm: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    /// The seed of the generator. Print it when a test fails.
    public let seed: UInt64
    private var state: UInt64

    /// Makes a generator that produces the same numbers for the same seed.
    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True once in `count` times, on average.
    public mutating func oneIn(_ count: Int) -> Bool {
        Int.random(in: 0..<max(1, count), using: &self) == 0
    }

    /// Makes a source that many tasks may share. Which task gets which number depends on their timing.
    public static func source(seed: UInt64) -> @Sendable () -> UInt64 {
        let shared = SharedRandom(seed: seed)
        return { shared.next() }
    }
}

/// Random numbers for many tasks.
private final class SharedRandom: Sendable {
    private let random: Mutex<SeededRandom>

    init(seed: UInt64) {
        random = Mutex(SeededRandom(seed: seed))
    }

    func next() -> UInt64 {
        random.withLock { $0.next() }
    }
}

extension PoolEnvironment {
    /// Makes the environment of a test: time that the test moves, and random numbers that are the same in each run.
    public static func stepped(by time: ManualTime, seed: UInt64 = 1) -> PoolEnvironment {
        PoolEnvironment(time: time, random: SeededRandom.source(seed: seed))
    }
}
