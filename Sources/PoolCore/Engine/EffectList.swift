/// The effects of one call, in order. The first two need no allocation, and most calls have no more.
///
/// Not generic: a generic list would be emptied through its type's witnesses at each call.
struct EffectList {
    private var first: Effect?
    private var second: Effect?
    private var rest: [Effect] = []

    var isEmpty: Bool { first == nil }

    mutating func append(_ effect: Effect) {
        if first == nil {
            first = effect
        } else if second == nil {
            second = effect
        } else {
            rest.append(effect)
        }
    }

    func forEach(_ body: (Effect) -> Void) {
        guard let first else { return }
        body(first)
        guard let second else { return }
        body(second)
        for effect in rest { body(effect) }
    }
}
