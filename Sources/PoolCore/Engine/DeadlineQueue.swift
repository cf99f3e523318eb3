/// The earliest of many deadlines that mostly come in order, as those of waiters with the same time-out do.
///
/// Such are in a list, where everything takes constant time however many there are; a heap has the others.
struct DeadlineQueue {
    private struct Member: Linked {
        var links = Links()
        /// Never where the member is not in the list.
        var due = Nanoseconds.never
    }

    private var members: [Member] = []
    /// The earliest first.
    private var inOrder = LinkedList()
    private var others = DeadlineHeap()

    var earliest: (due: Nanoseconds, member: Int32)? {
        guard !inOrder.isEmpty else { return others.earliest }
        let first = (due: members[Int(inOrder.first)].due, member: inOrder.first)
        guard let other = others.earliest, other.due < first.due else { return first }
        return other
    }

    var count: Int { inOrder.count + others.count }

    /// Gives `member`, which has none, a deadline; ``Nanoseconds/never`` is none.
    mutating func insert(_ member: Int32, due: Nanoseconds) {
        if due == .never { return }
        while members.count <= Int(member) { members.append(Member()) }
        // One that is later than what follows must not keep all of that out of the list.
        if let last, last.due > due {
            remove(last.member)
            others.set(last.member, due: last.due)
        }
        if let last, last.due > due { return others.set(member, due: due) }
        members[Int(member)].due = due
        inOrder.append(member, in: &members)
    }

    private var last: (due: Nanoseconds, member: Int32)? {
        inOrder.isEmpty ? nil : (members[Int(inOrder.last)].due, inOrder.last)
    }

    mutating func remove(_ member: Int32) {
        guard Int(member) < members.count, members[Int(member)].due != .never else { return others.remove(member) }
        members[Int(member)].due = .never
        inOrder.remove(member, in: &members)
    }

    /// For the engine's own check.
    var isConsistent: Bool {
        let dues = inOrder.members(in: members).map { members[Int($0)].due }
        return dues == dues.sorted() && members.count(where: { $0.due != .never }) == dues.count && others.isConsistent
    }
}
