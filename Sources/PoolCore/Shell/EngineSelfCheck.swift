internal import Synchronization

/// The switch for the engines of this process to check all of their state after each call, in debug builds.
///
/// This package's own tests switch it on. Applications' tests do not use it: with thousands of waiters it would take
/// longer than their time-outs.
package enum EngineSelfCheck {
    private static let isWanted = Atomic<Bool>(false)

    static var isOn: Bool { isWanted.load(ordering: .relaxed) }

    /// Switches the checks on for pools that are made from now on.
    package static func switchOn() { isWanted.store(true, ordering: .relaxed) }
}
