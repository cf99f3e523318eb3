/// One call of the engine: the time and the randomness that come in, and the effects that go out.
///
/// Every function that decides or changes something takes one; a question takes at most the time.
struct Turn {
    let now: Nanoseconds
    var effects = EffectList()
    private let drawn: UInt64?

    /// - Parameter random: uniformly distributed, for the calls whose documentation asks for it; drawing takes time.
    init(now: Nanoseconds, random: UInt64? = nil) {
        self.now = now
        drawn = random
    }

    /// The random number of this call.
    var random: UInt64 {
        assert(drawn != nil, "This call needs a random number.")
        return drawn ?? 0
    }
}
