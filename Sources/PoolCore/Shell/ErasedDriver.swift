/// A driver and the application's hooks without their type, for the part of the pool that is not generic.
///
/// The pool hands a driver only connections that the driver has made itself.
protocol ErasedDriver: Sendable {
    var information: DriverInformation { get }
    func lanes(maximumConnections: Int) -> [PoolLaneConfiguration]
    func connect(_ request: ConnectRequest) async throws -> any DriverConnection
    func verdict(on error: any Error) -> PoolVerdict
    /// Runs the application's connect hook, and makes what it set up part of a clean session.
    func setUp(_ pooled: PooledConnection) async throws(HookFailure)
    /// Runs a hook; does nothing if the application has no such hook.
    func runHook(_ kind: HookKind, on pooled: PooledConnection) async throws(HookFailure)
    func accepts(_ identity: PoolIdentity) -> Bool
}
