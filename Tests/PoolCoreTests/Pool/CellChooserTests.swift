import Testing

@testable import PoolCore

@Suite("Which cell a thread tries first")
struct CellChooserTests {
    /// The middles of stacks of 8 MiB with a guard page each, as the threads of Swift's executor have.
    private static let stacks = (0..<16).map { UInt(0x7F3C_2844_0000) + $0 * (8 << 20 + 4096) }

    @Test("Sixteen threads share no cell")
    func distinct() {
        let places = CellChooser()
        let first = Self.stacks.map { places.cellForCurrentThread(withStackAt: $0) }
        #expect(Set(first) == Set(0..<LeaseCache.capacity))
    }

    @Test("A thread comes back to its cell, however deep its stack is")
    func stable() {
        let places = CellChooser()
        let first = Self.stacks.map { places.cellForCurrentThread(withStackAt: $0) }
        #expect(Self.stacks.map { places.cellForCurrentThread(withStackAt: $0 - 100_000) } == first)
    }

    @Test("The first two threads are half of the cells apart")
    func apart() {
        let places = CellChooser()
        let first = Self.stacks.prefix(2).map { places.cellForCurrentThread(withStackAt: $0) }
        #expect(first == [0, 8])
    }

    @Test("More threads than cells share them")
    func more() {
        let places = CellChooser()
        for stack in 0..<1_000 as Range<UInt> {
            #expect(0..<LeaseCache.capacity ~= places.cellForCurrentThread(withStackAt: 0x7000_0000_0000 + stack << 23))
        }
    }
}
