/// The actions of one transition, in order. Nearly all transitions have none, or one grant, neither of which allocates.
struct ActionList {
    private var grant: (to: PendingAcquire, PendingAcquire.Granted)?
    private var others: [Action] = []

    mutating func append(_ action: Action) { others.append(action) }

    mutating func append(contentsOf actions: some Sequence<Action>) { others.append(contentsOf: actions) }

    mutating func appendGrant(to pending: consuming PendingAcquire, _ granted: consuming PendingAcquire.Granted) {
        if grant == nil, others.isEmpty {
            grant = (pending, granted)
        } else {
            others.append(.end(pending, .success(granted)))
        }
    }

    /// Performs each action once.
    mutating func perform(on shell: PoolShell) {
        if let (pending, granted) = grant.take() { pending.end(.success(granted)) }
        for action in others { shell.perform(action) }
    }
}
