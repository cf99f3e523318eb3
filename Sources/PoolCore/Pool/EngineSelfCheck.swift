internal import Synchronization

/// Whether the engines of this process look through all of their state after each call, in debug builds.
///
/// This package's own tests switch it on. An application's tests have nothing to do with it: with thousands of waiters
/// it would take longer than their time-outs.
package enum EngineSelfCheck {
    private static let isWanted = Atomic<Bool>(false)

    static var isOn: Bool { isWanted.load(ordering: .relaxed) }

    /// For pools that are made from now on.
    package static func switchOn() { isWanted.store(true, ordering: .relaxed) }
}
