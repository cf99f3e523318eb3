import PoolTesting
import Testing

@testable import PoolCore

@Suite("The engine's small structures")
struct EngineStructureTests {
    @Test("The heap agrees with a sorted array, whatever is set, changed and removed")
    func heap() {
        var random = SeededRandom(seed: 7)
        var heap = DeadlineHeap()
        var shadow: [Int32: Nanoseconds] = [:]
        for _ in 0..<20_000 {
            let member = Int32.random(in: 0..<60, using: &random)
            let due = random.oneIn(5) ? Nanoseconds.never : Nanoseconds.random(in: 0..<40, using: &random)
            if random.oneIn(3) {
                heap.remove(member)
                shadow[member] = nil
            } else {
                heap.set(member, due: due)
                shadow[member] = due == .never ? nil : due
            }
            #expect(heap.count == shadow.count)
            #expect(heap.earliest?.due == shadow.values.min())
            #expect(heap.due(of: member) == shadow[member])
        }
        #expect(heap.isConsistent)
    }

    @Test(
        "The queue knows the earliest deadline while others come, most of them in order, and go",
        arguments: [2, 10, 1_000])
    func queue(ordered: Int) {
        var random = SeededRandom(seed: UInt64(ordered))
        var queue = DeadlineQueue()
        var shadow: [Int32: Nanoseconds] = [:]
        for step in 0..<20_000 {
            let member = Int32.random(in: 0..<60, using: &random)
            if shadow[member] != nil {
                queue.remove(member)
                shadow[member] = nil
            } else {
                let due = Nanoseconds(step + (random.oneIn(ordered) ? Int.random(in: -100...100, using: &random) : 0))
                let isNever = random.oneIn(20)
                queue.insert(member, due: isNever ? .never : due)
                if !isNever { shadow[member] = due }
            }
            #expect(queue.count == shadow.count)
            #expect(queue.earliest?.due == shadow.values.min())
            if let earliest = queue.earliest { #expect(shadow[earliest.member] == earliest.due) }
        }
        #expect(queue.isConsistent)
        for member in shadow.keys { queue.remove(member) }
        #expect(queue.earliest == nil && queue.isConsistent)
    }

    private struct Member: Linked { var links = Links() }

    @Test("The list keeps the order of its members while others come and go")
    func list() {
        var random = SeededRandom(seed: 8)
        var table = Array(repeating: Member(), count: 30)
        var list = LinkedList()
        var shadow: [Int32] = []
        for _ in 0..<5_000 {
            let member = Int32.random(in: 0..<30, using: &random)
            if let place = shadow.firstIndex(of: member) {
                list.remove(member, in: &table)
                shadow.remove(at: place)
            } else {
                list.append(member, in: &table)
                shadow.append(member)
            }
            #expect(list.members(in: table) == shadow)
            #expect(list.first == shadow.first && list.last == shadow.last)
        }
    }

    @Test("A table's ids name one row each, and never one that has gone")
    func table() {
        var random = SeededRandom(seed: 11)
        var table = Table<Int, WaiterID>()
        var rows: [WaiterID: Int] = [:]
        var gone: Set<WaiterID> = []
        for number in 0..<2_000 {
            if let id = rows.keys.randomElement(using: &random), random.oneIn(2) {
                table.remove(id.index)
                rows[id] = nil
                gone.insert(id)
            } else {
                let index = table.insert(number)
                let id = table.id(of: index)
                #expect(!gone.contains(id) && rows.updateValue(number, forKey: id) == nil)
            }
            #expect(table.rowCount == rows.count)
            #expect(rows.allSatisfy { table.contains($0.key) && table[$0.key.index] == $0.value })
        }
        #expect(!gone.contains(where: table.contains) && table.count < 200)
        #expect(!table.contains(WaiterID(index: 10_000, generation: 1)))
    }

    @Test("The graph of waits finds all leases of a task, and only those")
    func holders() {
        var random = SeededRandom(seed: 9)
        var graph = WaitGraph(capacity: 8)
        var shadow: [Int32: UInt] = [:]
        for step in 0..<5_000 {
            let slot = Int32.random(in: 0..<40, using: &random)
            if shadow[slot] == nil {
                let holder = UInt.random(in: 1...10, using: &random) * 64
                shadow[slot] = holder
                graph.begin(slot, of: Int(slot % 3), holder: holder)
            } else {
                graph.end(slot)
                shadow[slot] = nil
            }
            if step % 1_000 == 999 { graph.resize(capacity: step / 50) }
            graph.setWait(of: UInt.random(in: 1...10, using: &random) * 64, for: random.oneIn(2) ? 1 : nil)
            let holder = UInt.random(in: 1...10, using: &random) * 64
            let found = graph.slots(of: holder)
            #expect(found.sorted() == shadow.filter { $0.value == holder }.keys.sorted())
            #expect(graph.isHeld(slot) == (shadow[slot] != nil) && graph.isConsistent)
        }
    }

    @Test("A percentile is never too small, and at most a quarter too large")
    func histogram() {
        var random = SeededRandom(seed: 10)
        var histogram = PoolHistogram()
        #expect(histogram.percentile(0.5) == .zero)
        #expect(histogram.mean == .zero)
        var values: [Nanoseconds] = []
        for _ in 0..<2_000 {
            let value = Nanoseconds.random(
                in: 0...(1 << Nanoseconds.random(in: 1...40, using: &random)), using: &random)
            values.append(value)
            histogram.record(value)
        }
        values.sort()
        for fraction in [0, 0.1, 0.5, 0.9, 0.99, 1] {
            let exact = values[max(0, Int((fraction * 2_000).rounded(.up)) - 1)]
            let found = histogram.percentile(fraction) / .nanoseconds(1)
            #expect(found >= Double(exact) && found <= Double(exact) * 1.25 + 1, "\(fraction): \(exact), \(found)")
        }
        #expect(histogram.count == 2_000)
        #expect(histogram.maximum == .nanoseconds(values[1_999]))
        #expect(histogram.sum == .nanoseconds(values.reduce(0, +)))
        #expect(histogram.buckets.reduce(0) { $0 + $1.count } == 2_000)
        histogram.record(.max)
        histogram.record(-5)
        #expect(histogram.percentile(1) == Duration.nanoseconds(Int64.max))
    }

    @Test("A list of effects keeps their order, and visits all")
    func effectList() {
        for count in 0..<6 {
            let effects = (0..<count).map { Effect.setAlarm(Nanoseconds($0)) }
            var list = EffectList()
            for effect in effects { list.append(effect) }
            var seen: [Effect] = []
            list.forEach { seen.append($0) }
            #expect(seen == effects)
            #expect(list.isEmpty == (count == 0))
        }
    }
}
