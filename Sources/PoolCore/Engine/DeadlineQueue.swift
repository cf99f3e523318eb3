/// The earliest of many deadlines that mostly come in order, like the deadlines of waiters with the same time-out.
///
/// Deadlines in order are in a list, where everything takes constant time however many there are; a heap has the
/// others.
struct DeadlineQueue {
    private struct Member: Linked {
        var links = Links()
        /// The deadline; never if the member is not in the list.
        var due = Nanoseconds.never
    }

    private var members: [Member] = []
    /// Members in the list, the earliest first.
    private var inOrder = LinkedList()
    private var others = DeadlineHeap()

    var earliest: (due: Nanoseconds, member: Int32)? {
        guard let member = inOrder.first else { return others.earliest }
        let first = (due: members[member].due, member: member)
        guard let other = others.earliest, other.due < first.due else { return first }
        return other
    }

    var count: Int { inOrder.count + others.count }

    /// Gives a deadline to `member`, which has none; ``Nanoseconds/never`` gives none.
    mutating func insert(_ member: Int32, due: Nanoseconds) {
        if due == .never { return }
        while members.count <= Int(member) { members.append(Member()) }
        // A single late deadline must not keep all earlier ones that follow out of the list: it moves to the heap.
        if let last, last.due > due {
            remove(last.member)
            others.set(last.member, due: last.due)
        }
        if let last, last.due > due { return others.set(member, due: due) }
        members[member].due = due
        inOrder.append(member, in: &members)
    }

    private var last: (due: Nanoseconds, member: Int32)? {
        inOrder.last.map { (members[$0].due, $0) }
    }

    mutating func remove(_ member: Int32) {
        guard Int(member) < members.count, members[member].due != .never else { return others.remove(member) }
        members[member].due = .never
        inOrder.remove(member, in: &members)
    }

    /// True if the list is sorted and complete. For the engine's own check.
    var isConsistent: Bool {
        let dues = inOrder.members(in: members).map { members[$0].due }
        return dues == dues.sorted() && members.count(where: { $0.due != .never }) == dues.count && others.isConsistent
    }
}
