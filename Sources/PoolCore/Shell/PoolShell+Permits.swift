/// The calls by which a budget gives permits to a pool and takes spare connections from it.
extension PoolShell {
    func permitGranted() {
        transition { $0.engine.permitGranted(&$1) }
    }

    func setShortage(_ shortage: BudgetShortage) {
        transition { $0.engine.setShortage(shortage, &$1) }
    }

    func makeRoom() -> Bool {
        transition { $0.engine.makeRoom(&$1) }
    }

    func longestSpare() -> Nanoseconds? {
        let now = time.now().nanoseconds
        return state.withLock { $0.engine.longestSpare(now: max(now, $0.latest)) }
    }
}
