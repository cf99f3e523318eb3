@testable import PoolCore

/// What the engine promises, written down a second time: plain arrays, linear scans, no cleverness.
///
/// The test tells it each call and each effect. It follows them, and notes in ``problem`` the first that breaks a rule.
final class ShadowModel {
    enum State: Hashable { case opening, abandoned, idle, validating, leased, resetting, closing }

    struct Connection {
        let id: ConnectionID
        let lane: Int
        var state: State
        var since: Nanoseconds
        /// Of the connect, the validation or the reset.
        var deadline = Nanoseconds.never
        /// When nobody counts on the connect any more, and that this has been noticed.
        var silentAt = Nanoseconds.never
        var isSilent = false
        var expires = Nanoseconds.never
        var openedAt: Nanoseconds = 0
        var uses = 0
        /// To be replaced by the rotation.
        var isOld = false
        var isCleared = false
        var isLost = false
        var holder: UInt = 0
        var wasWarned = false
        /// Just opened, validated, reset or released: about to be given away or parked.
        var isInHand = false
        /// The acquire hook has run since it was parked last.
        var isPrepared = false
        /// It is closed for somebody who waits for its place.
        var makesRoom = false
        /// What the session is set up for.
        var tag: PoolSessionTag?
        /// It is as the session hook left it.
        var isSetUp = false
    }

    struct Waiting {
        let id: WaiterID
        let lane: Int
        let priority: Int32
        let deadline: Nanoseconds
        let holder: UInt
        let order: Int
        var since: Nanoseconds
        let request: TagRequest?
        /// It counts among those who were enqueued.
        var isInQueue = true
    }

    struct Lane {
        var failures = 0
        var retryAt: Nanoseconds = 0
        var isRefused = false
        var hasNewPause = false
        /// Connections in a row that broke at their first use, and when the last of them did.
        var stillbirths = 0
        var stillbornAt = Nanoseconds.min
        /// How many connections an acquire wants there to be.
        var growth = 0
        /// A connection was opened since the rotation began, or since it closed one.
        var isRenewed = false
    }

    /// What a caller waits for besides a connection.
    struct Goal {
        enum Kind: Hashable { case reconfigured, warm(Int), rotated }

        let number: GoalNumber
        let kind: Kind
        let deadline: Nanoseconds
    }

    enum Life: Hashable { case running, draining, forcing, finished }

    var configuration: EngineConfiguration
    var now: Nanoseconds = 0
    /// Idle ones are in the order in which they were parked.
    var connections: [Connection] = []
    /// In order of arrival.
    var waiters: [Waiting] = []
    /// Those who have a connection, and wait for the session hook.
    var preparing: [ConnectionID: Waiting] = [:]
    var tally = Tally()
    var lanes: [Lane]
    var life = Life.running
    var forceAt = Nanoseconds.never
    /// When the drain really ended.
    var forcedAt = Nanoseconds.never
    var armedAt = Nanoseconds.never
    var lastRetirement: Nanoseconds?
    var arrivals = 0
    var ended = Set<WaiterID>()
    /// What the engine has drawn from its random numbers.
    var chosenRetryAt: [Nanoseconds]
    var permits: Permits
    /// How many were enqueued, and how long those waited who are not any more, since the statistics were reset.
    var enqueued = 0
    var waits = (count: 0, sum: Nanoseconds(0), minimum: Nanoseconds.max, maximum: Nanoseconds(0))
    var goals: [Goal] = []
    var cancelledGoal: GoalNumber?
    /// Who must hear of it that the acquire hook has thrown.
    var mustFail: WaiterID?
    /// When the next connection may be closed for the rotation at the earliest, and the time to the one after.
    var rotationPace: (next: Nanoseconds, interval: Nanoseconds) = (0, 0)
    /// How many connections the engine holds open for goals and the rotation: before the call, and after it.
    var floors: [(before: Int, after: Int)]
    /// What there was before the call: the whole pool, and each lane.
    var totalsBefore: [Int] = []
    private(set) var problem: String?

    init(configuration: EngineConfiguration, sharesBudget: Bool = false) {
        permits = Permits(isShared: sharesBudget)
        self.configuration = configuration
        lanes = configuration.lanes.map { _ in Lane() }
        floors = configuration.lanes.map { _ in (0, 0) }
        chosenRetryAt = configuration.lanes.map { _ in 0 }
    }

    func require(_ holds: Bool, _ rule: @autoclosure () -> String) {
        if !holds, problem == nil { problem = rule() }
    }

    // MARK: Questions

    func count(_ lane: Int? = nil, _ states: State...) -> Int {
        var count = 0
        for connection in connections where lane == nil || connection.lane == lane {
            if states.contains(connection.state) { count += 1 }
        }
        return count
    }

    func total(_ lane: Int? = nil) -> Int {
        connections.count { lane == nil || $0.lane == lane }
    }

    func live(_ lane: Int) -> Int {
        count(lane, .opening, .idle, .validating, .leased, .resetting)
    }

    func waiterCount(_ lane: Int) -> Int {
        waiters.count { $0.lane == lane }
    }

    /// The connections that the lane lacks: those on the way count as there.
    func lacking(_ lane: Int) -> Int {
        let spare = needed(lane, besides: configuration.lanes[lane].minimumIdle - count(lane, .idle))
        let level = max(lanes[lane].growth, floors[lane].after)
        return max(needed(lane), spare, level - live(lane))
    }

    /// Those of them that waiters and the minimum need.
    func needed(_ lane: Int, besides more: Int = 0) -> Int {
        let lack = waiterCount(lane) - onTheWay(lane) + more
        return more == 0 ? max(lack, configuration.lanes[lane].minimum - live(lane)) : lack
    }

    /// Those that will serve somebody without anybody's release, however long that takes.
    func coming(_ lane: Int) -> Int { count(lane, .opening, .validating, .resetting) }

    func silentCount(_ lane: Int) -> Int {
        connections.count { $0.lane == lane && $0.isSilent && $0.state == .opening }
    }

    /// Those that will serve somebody soon, if all goes well.
    func onTheWay(_ lane: Int) -> Int {
        count(lane, .opening, .validating, .resetting) - silentCount(lane)
    }

    func firstWaiter(_ lane: Int) -> Waiting? {
        waiters.filter { $0.lane == lane }.min { ($0.priority, $0.order) < ($1.priority, $1.order) }
    }

    func oldestArrival(_ lane: Int) -> Int {
        waiters.first { $0.lane == lane }?.order ?? .max
    }

    func needsValidation(_ connection: Connection) -> Bool {
        configuration.validatesEveryGrant || now - connection.since >= configuration.validateAfterIdle
    }

    /// True if the lane may connect but for the pool's maximum.
    func mayConnect(_ lane: Int) -> Bool {
        let (opening, silent) = (count(lane, .opening), silentCount(lane))
        guard opening - silent < configuration.concurrentConnects else { return false }
        guard total(lane) < configuration.lanes[lane].maximum else { return false }
        if lanes[lane].failures == 0, silent == 0 { return true }
        return opening == silent && (lanes[lane].failures == 0 || now >= lanes[lane].retryAt)
    }

    var isFull: Bool { total() >= configuration.maximumConnections }

    /// True if a connection of `lane` that comes free must make room for an older waiter of a lane that has none.
    func mustMakeRoom(_ lane: Int) -> Bool {
        if mustYield(lane) { return true }
        guard isFull, count(nil, .closing) == 0 else { return false }
        return lanes.indices.contains { other in
            other != lane && live(other) == 0 && mayConnect(other) && oldestArrival(other) < oldestArrival(lane)
        }
    }

    func place(_ id: ConnectionID) -> Int? {
        connections.firstIndex { $0.id == id }
    }

    // MARK: Changes

    /// Puts the connection last, as parking does.
    func park(_ place: Int) {
        var connection = connections.remove(at: place)
        connection.state = .idle
        connection.since = now
        connection.deadline = .never
        connection.isInHand = true
        connection.holder = 0
        connections.append(connection)
    }

    func enter(_ state: State, _ place: Int, deadline: Nanoseconds = .never) {
        connections[place].state = state
        connections[place].since = now
        connections[place].deadline = deadline
    }

    func endWait(_ id: WaiterID, _ how: String) {
        require(ended.insert(id).inserted, "a wait has ended twice: \(how)")
        if let waiter = waiters.first(where: { $0.id == id }) {
            let time = now - waiter.since
            waits = (waits.count + 1, waits.sum + time, min(waits.minimum, time), max(waits.maximum, time))
        }
        waiters.removeAll { $0.id == id }
    }

    /// A connect has failed; the engine has chosen ``chosenRetryAt`` for the next.
    func noteFailure(_ lane: Int) {
        lanes[lane].failures += 1
        lanes[lane].growth = 0
        lanes[lane].retryAt = chosenRetryAt[lane]
        lanes[lane].hasNewPause = true
    }

    /// The pause is a random part of one that doubles with each failure.
    func requireBackoffWithinBounds() {
        for lane in lanes.indices where lanes[lane].hasNewPause {
            lanes[lane].hasNewPause = false
            var ceiling = configuration.initialBackoff
            for _ in 1..<max(1, min(lanes[lane].failures, 64)) {
                ceiling = min(ceiling.adding(ceiling), configuration.maximumBackoff)
            }
            let (pause, failures) = (lanes[lane].retryAt - now, lanes[lane].failures)
            // What took long has been a part of the pause.
            require(
                pause <= min(ceiling, configuration.maximumBackoff),
                "a pause of \(pause) after \(failures) failures is longer than \(ceiling)")
        }
    }
}
