/// The actions of one transition, in order. Nearly all transitions have none, or one grant, which needs no allocation.
struct ActionList {
    private var grant: (to: PendingAcquire, PendingAcquire.Granted)?
    private var others: [Action] = []

    mutating func append(_ action: Action) { others.append(action) }

    mutating func append(contentsOf actions: some Sequence<Action>) { others.append(contentsOf: actions) }

    mutating func appendGrant(to pending: PendingAcquire, _ granted: PendingAcquire.Granted) {
        if grant == nil, others.isEmpty {
            grant = (pending, granted)
        } else {
            others.append(.end(pending, .success(granted)))
        }
    }

    func perform(on shell: PoolShell) {
        if let grant { grant.to.end(.success(grant.1)) }
        for action in others { shell.perform(action) }
    }
}
