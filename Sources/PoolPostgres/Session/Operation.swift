internal import PoolIO

/// One call on a connection, from its begin to its end.
struct Operation: Sendable {
    let number: UInt64
    let isCancellable: Bool
    /// How many times the cancel time-out the operation may continue after a cancellation that does not stop it.
    let timeoutFactor: Int
    let watch: DescriptorWatch

    /// A copy of the operation, for a part that must run to its end.
    var uncancellable: Operation {
        Operation(number: number, isCancellable: false, timeoutFactor: timeoutFactor, watch: watch)
    }
}
