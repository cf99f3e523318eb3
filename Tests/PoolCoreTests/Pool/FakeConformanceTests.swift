import PoolCore
import PoolTesting
import Testing

/// The part of the kit that needs no SQL, on a driver that has none.
@Suite("The conformance kit without SQL")
struct FakeConformanceTests {
    private static let subject = subject { driver in
        driver.decide(.work) { $0.statement == "long" ? .hang : .succeed }
    }

    private static func subject(
        _ script: @escaping @Sendable (FakeDriver) -> Void
    ) -> ConformanceSubject<FakeDriver> {
        var subject = ConformanceSubject<FakeDriver>(
            work: { try await $0.work() }, longWork: { try await $0.work("long") }
        ) {
            let driver = FakeDriver()
            script(driver)
            return driver
        }
        subject.makeRefusedDriver = {
            let driver = FakeDriver()
            driver.always(.connect, .fail(FakeError("no such user", verdict: .refused)))
            return driver
        }
        return subject
    }

    @Test("The fake driver passes each check", arguments: DriverConformance(subject).checks)
    func conforms(check: ConformanceCheck) async throws {
        try await check.run()
    }

    @Test("A driver whose work fails, or never ends, does not pass")
    func broken() async throws {
        let failing = Self.subject { driver in driver.always(.work, .fail(FakeError("broken"))) }
        #expect(await DriverConformance(failing).checks.failures().count >= 5)
        // Long work that is over at once was not interrupted.
        let idle = Self.subject { driver in driver.always(.work, .succeed) }
        let failures = await DriverConformance(idle).checks.failures()
        #expect(failures.contains { $0.check.hasPrefix("cancelled work ends") })
        #expect(failures.contains { $0.check.hasPrefix("cancel() ends") })
    }
}
