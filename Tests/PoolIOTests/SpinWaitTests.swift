import Testing

@testable import PoolIO

@Suite("SpinWait")
struct SpinWaitTests {
    /// How often it asks in a look that is in vain.
    private func countOfVainLook(_ wait: borrowing SpinWait) -> Int {
        var count = 0
        let isThere = wait.spin {
            count += 1
            return false
        }
        #expect(!isThere)
        return count
    }

    @Test("it stops looking as soon as there is something")
    func stops() {
        let wait = SpinWait(limit: 60_000_000_000)
        var count = 0
        let isThere = wait.spin {
            count += 1
            return count == 1_000
        }
        #expect(isThere)
        #expect(count == 1_000)
    }

    @Test("it gives up as soon as it is told that there is no hope, and counts that as in vain")
    func hopeless() {
        let wait = SpinWait(limit: 60_000_000_000)
        var count = 0
        let isThere = wait.spin {
            count += 1
            return false
        } unless: {
            count >= 100
        }
        #expect(!isThere)
        #expect(count >= 100 && count < 200)
        #expect(countOfVainLook(wait) == 1)
    }

    @Test("after each time in vain it asks only once, for twice as many times as before, but at most 64")
    func givesUp() {
        let wait = SpinWait(limit: 0)
        for omissions in [2, 4, 8, 16, 32, 64, 64] {
            #expect(countOfVainLook(wait) > 1)
            for _ in 0..<omissions { #expect(countOfVainLook(wait) == 1) }
        }
    }

    @Test("it sees what is there where it does not look, and one success makes it look as at first")
    func recovers() {
        let wait = SpinWait(limit: 0)
        for omissions in [2, 4] {
            _ = countOfVainLook(wait)
            for _ in 0..<omissions { #expect(wait.spin { true }) }
        }
        #expect(wait.spin { true })
        _ = countOfVainLook(wait)
        for _ in 0..<2 { #expect(countOfVainLook(wait) == 1) }
        #expect(countOfVainLook(wait) > 1)
    }
}

@Suite("ThreadCall")
struct ThreadCallTests {
    private struct Broken: Error {}

    @Test("a call that has finished returns its result or its error at once")
    func finished() async throws {
        let call = ThreadCall { 7 }
        #expect(!call.isFinished)
        call.run()
        #expect(call.isFinished)
        #expect(try await call.value() == 7)
        let broken = ThreadCall<Int> { throw Broken() }
        broken.run()
        await #expect(throws: Broken.self) { _ = try await broken.value() }
    }

    @Test("whichever comes first, the call or who waits for it, the result arrives")
    func races() async throws {
        for number in 0..<1_000 {
            let call = ThreadCall { number }
            async let value = call.value()
            await Task.yield()
            call.run()
            #expect(try await value == number)
        }
    }
}
