/// A driver and the application's hooks without their type, for the part of the pool that is not generic.
///
/// A backend is handed only connections that it made itself.
protocol ErasedDriver: Sendable {
    var information: DriverInformation { get }
    func lanes(maximumConnections: Int) throws -> [PoolLaneConfiguration]
    func connect(_ request: ConnectRequest) async throws -> any DriverConnection
    func validate(_ connection: any DriverConnection) async throws
    func reset(_ connection: any DriverConnection) async throws
    func close(_ connection: any DriverConnection, mode: ConnectionCloseMode) async
    func verdict(on error: any Error) -> PoolVerdict
    /// Runs the application's connect hook, and makes what it set up part of a clean session.
    func setUp(_ seat: Seat) async throws(HookFailure)
    /// Runs a hook; does nothing if the application has no such hook.
    func runHook(_ kind: HookKind, on seat: Seat) async throws(HookFailure)
    /// Ends the work that a lease left open, and keeps its session.
    func endTransaction(of connection: any DriverConnection) async throws
    func accepts(_ identity: PoolIdentity) -> Bool
}
