/// What one task did, or all of them together.
struct Tally: Sendable {
    struct Entry: Sendable {
        var count = 0
        var total: Duration = .zero
        var longest: Duration = .zero
    }

    private(set) var entries: [Operation: Entry] = [:]
    private(set) var failures = 0
    /// A few of the failures, for the report.
    private(set) var samples: [String] = []
    /// Pairs of reads that should have seen the same snapshot, and those that did not.
    private(set) var snapshots = 0
    private(set) var tornSnapshots = 0

    var operations: Int { entries.values.reduce(0) { $0 + $1.count } }
    /// How often a task was told that its transaction had committed.
    var acknowledgedWrites: Int { entries[.write]?.count ?? 0 }

    mutating func succeeded(_ operation: Operation, in duration: Duration) {
        var entry = entries[operation] ?? Entry()
        entry.count += 1
        entry.total += duration
        entry.longest = max(entry.longest, duration)
        entries[operation] = entry
    }

    mutating func failed(_ operation: Operation, _ error: any Error) {
        failures += 1
        addSample("\(operation.title): \(error)")
    }

    mutating func checkedSnapshot(isConsistent: Bool) {
        snapshots += 1
        if !isConsistent { tornSnapshots += 1 }
    }

    mutating func add(_ other: Tally) {
        for (operation, entry) in other.entries {
            var sum = entries[operation] ?? Entry()
            sum.count += entry.count
            sum.total += entry.total
            sum.longest = max(sum.longest, entry.longest)
            entries[operation] = sum
        }
        failures += other.failures
        snapshots += other.snapshots
        tornSnapshots += other.tornSnapshots
        other.samples.forEach { addSample($0) }
    }

    private mutating func addSample(_ text: String) {
        if samples.count < 3, !samples.contains(text) { samples.append(text) }
    }
}
