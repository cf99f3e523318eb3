import Testing

@testable import PoolMySQL

@Suite("What is known of an idle connection of MySQL")
struct InterrupterTests {
    private let interrupter = Interrupter(ask: { _, _ in }, watch: { _, _ in }, abandon: { _ in })

    @Test("what is seen while nothing runs counts, and what is seen while something runs does not")
    func idle() {
        #expect(interrupter.seesWhileIdle { _ in true })
        #expect(!interrupter.seesWhileIdle { _ in false })
        let operation = interrupter.begin(isCancellable: true)
        #expect(!interrupter.seesWhileIdle { _ in true })
        interrupter.end(operation)
        #expect(interrupter.seesWhileIdle { _ in true })
    }

    @Test(
        "what an operation gets that begins during the look is not taken for the server's goodbye",
        arguments: [false, true])
    func beginsMeanwhile(isShared: Bool) {
        // Who asks for what runs makes it shared, until the next operation begins.
        if isShared { _ = interrupter.cancelRunning() }
        var operation: UInt64 = 0
        #expect(
            !interrupter.seesWhileIdle { _ in
                operation = interrupter.begin(isCancellable: true)
                return true
            })
        interrupter.end(operation)
        #expect(
            !interrupter.seesWhileIdle { _ in
                interrupter.end(interrupter.begin(isCancellable: true))
                return true
            })
        #expect(interrupter.seesWhileIdle { _ in true })
    }
}
