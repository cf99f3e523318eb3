internal import PoolIO
internal import Synchronization

/// Decides which operation of a connection a cancellation may stop, and stops that one and no other.
///
/// A request to stop travels on a separate connection, so it may arrive late. Hence an operation ends in three steps:
/// no more requests are begun, the requests on their way are waited for, and the caller clears up what they may have
/// left (``Aftermath``).
///
/// An operation that is not being stopped is one word, and takes no lock: see ``OperationWord``.
final class Interrupter: Sendable {
    /// The effects that requests to stop an operation may have left.
    enum Aftermath: Sendable {
        case none
        /// A request was delivered: the server may have kept it for the next statement.
        case delivered
        /// The fate of a request is unknown.
        case unknown
    }

    private struct State {
        /// The running operation, once it is kept here.
        var operation = OperationWord()
        /// True once the server was asked to stop the operation, or is about to be.
        var isAsked = false
        /// True once a caller waits for the operation's end with a time limit.
        var isWatched = false
        var requestsOnTheirWay = 0
        var hasDelivered = false
        var hasLostRequest = false
        var isGivenUp = false
        var isClosing = false
        /// The action for the end of the running operation.
        var afterOperation: (@Sendable () -> Void)?
        var socket: Socket?
        var peerAddress: String?
        var login: Login?
        var server: ServerIdentity?

        mutating func begin(_ operation: OperationWord) {
            self.operation = operation
            isAsked = false
            isWatched = false
            hasDelivered = false
            hasLostRequest = false
        }
    }

    /// The running operation, while no other thread looks at it. Once its ``OperationWord/shared`` is set, the
    /// state's copy counts, and this one changes only under the monitor's lock.
    private let word = Atomic<UInt64>(OperationWord().bits)
    private let monitor = Monitor(State())

    /// Called when the server should be asked to stop an operation.
    private let ask: @Sendable (Interrupter, _ operation: UInt64) -> Void
    /// Called when no caller waits any more for an operation that must run to its end.
    private let watch: @Sendable (Interrupter, _ operation: UInt64) -> Void
    /// Called when the connection was closed in the middle of an operation, which the server notices only at its end.
    private let abandon: @Sendable (Interrupter) -> Void

    init(
        ask: @escaping @Sendable (Interrupter, UInt64) -> Void,
        watch: @escaping @Sendable (Interrupter, UInt64) -> Void,
        abandon: @escaping @Sendable (Interrupter) -> Void
    ) {
        self.ask = ask
        self.watch = watch
        self.abandon = abandon
    }

    func attach(_ socket: Socket?) {
        monitor.update { state in
            state.socket = socket
            if let socket { state.peerAddress = socket.peerAddress }
        }
    }

    /// Changes the state, which then holds the running operation.
    private func share<Result>(_ body: (inout State) -> Result) -> Result {
        monitor.update { state in
            Self.takeOver(&state, word)
            return body(&state)
        }
    }

    private static func takeOver(_ state: inout State, _ word: borrowing Atomic<UInt64>) {
        let latest = OperationWord(
            bits: word.bitwiseOr(OperationWord.shared, ordering: .acquiringAndReleasing).oldValue)
        if !latest.isShared { state.begin(latest) }
    }

    /// Changes the word if no other thread has looked at it. False if one has.
    private func changeAlone(_ change: (inout OperationWord) -> Void) -> Bool {
        var bits = word.load(ordering: .relaxed)
        while true {
            var changed = OperationWord(bits: bits)
            if changed.isShared { return false }
            change(&changed)
            let (isDone, latest) = word.weakCompareExchange(
                expected: bits, desired: changed.bits, ordering: .acquiringAndReleasing)
            if isDone { return true }
            bits = latest
        }
    }

    /// The latest operation, in its present state.
    private var latest: OperationWord {
        let word = OperationWord(bits: word.load(ordering: .acquiring))
        return word.isShared ? share { $0.operation } : word
    }

    /// True if `sign` is true while nothing runs, and so is no answer: for example the server's goodbye.
    func seesWhileIdle(_ sign: (Socket?) -> Bool) -> Bool {
        let before = latest
        guard !before.isRunning, sign(monitor.update { $0.socket }) else { return false }
        // An operation that has begun since, and may have ended, perhaps received that as its answer.
        let after = latest
        return !after.isRunning && after.number == before.number
    }

    /// Ends the connection without a goodbye.
    func shutDown() { monitor.update { $0.socket?.shutDown() } }

    // MARK: Operations

    /// Begins an operation, and returns its number.
    func begin(isCancellable: Bool) -> UInt64 {
        var number: UInt64 = 0
        let isAlone = changeAlone { word in
            word.begin(isCancellable: isCancellable)
            number = word.number
        }
        return isAlone ? number : beginShared(isCancellable)
    }

    private func beginShared(_ isCancellable: Bool) -> UInt64 {
        share { state in
            var operation = state.operation
            operation.begin(isCancellable: isCancellable)
            state.begin(operation)
            // Nothing of earlier operations is left: this one needs no lock again.
            if !state.isClosing, !state.isGivenUp, state.requestsOnTheirWay == 0 {
                word.store(operation.bits, ordering: .releasing)
            }
            return operation.number
        }
    }

    /// Allows the operation to send statements from now on. Returns the signal that came before.
    func start() -> OperationSignal {
        if changeAlone({ $0.hasStarted = true }) { return .none }
        return share { state in
            state.operation.hasStarted = state.operation.signal == .none
            return state.operation.signal
        }
    }

    /// The signal to stop the operation, which checks it between its statements.
    var signal: OperationSignal {
        OperationWord(bits: word.load(ordering: .acquiring)).isShared ? share { $0.operation.signal } : .none
    }

    /// Admits no more requests to stop the operation, and waits for the requests on their way. Blocks until they have
    /// ended, or the connection is given up.
    func finish() -> Aftermath {
        if changeAlone({ $0.hasStarted = false }) { return .none }
        return monitor.wait { state in
            Self.takeOver(&state, word)
            state.operation.hasStarted = false
            if state.isGivenUp { return .unknown }
            if state.requestsOnTheirWay > 0 { return nil }
            return state.hasLostRequest ? .unknown : state.hasDelivered ? .delivered : Aftermath.none
        }
    }

    /// Ends an operation, which cannot be stopped afterwards.
    func end(_ operation: UInt64) {
        if changeAlone({ $0.end(operation) }) { return }
        let action = share { state -> (@Sendable () -> Void)? in
            state.operation.end(operation)
            if state.operation.isRunning { return nil }
            defer { state.afterOperation = nil }
            return state.afterOperation
        }
        action?()
    }

    /// Calls `action` once: now if nothing runs, else when the running operation has ended.
    func afterOperation(_ action: @escaping @Sendable () -> Void) {
        let isIdle = share { state in
            if !state.operation.isRunning { return true }
            // A forced close may come while an orderly one waits already.
            let earlier = state.afterOperation
            state.afterOperation = {
                earlier?()
                action()
            }
            return false
        }
        if isIdle { action() }
    }

    // MARK: Stopping

    /// Stops `operation` because its task was cancelled; no effect if it has ended. Returns true if the server is
    /// asked.
    @discardableResult
    func cancel(_ operation: UInt64) -> Bool { interrupt(operation, .taskCancelled) }

    /// Stops the running operation; no effect if none runs. Returns its number if the server is asked.
    func cancelRunning() -> UInt64? {
        let operation = share { $0.operation.running }
        return interrupt(operation, .connectionCancelled) ? operation : nil
    }

    private func interrupt(_ operation: UInt64, _ signal: OperationSignal) -> Bool {
        let (mustAsk, mustWatch) = share { state -> (Bool, Bool) in
            guard operation != 0, state.operation.running == operation else { return (false, false) }
            if !state.operation.isCancellable {
                defer { state.isWatched = true }
                return (false, !state.isWatched)
            }
            state.operation.note(signal)
            if !state.operation.hasStarted || state.isAsked { return (false, false) }
            state.isAsked = true
            return (true, false)
        }
        if mustAsk { ask(self, operation) }
        if mustWatch { watch(self, operation) }
        return mustAsk
    }

    /// Asks the server to stop the running operation without cancelling it: its remaining rows are not needed.
    func stopRunning() {
        let operation = share { state in
            if state.isAsked || !state.operation.hasStarted { return 0 as UInt64 }
            state.isAsked = true
            return state.operation.running
        }
        if operation != 0 { ask(self, operation) }
    }

    /// Ends the connection if `operation` still runs: the server has not answered in time.
    func giveUp(_ operation: UInt64) {
        share { state in
            if state.operation.running == operation {
                state.isGivenUp = true
                state.socket?.shutDown()
            }
        }
    }

    /// Ends the running operation, and each operation that begins from now on.
    func close() {
        let isAbandoned = share { state in
            let isFirst = !state.isClosing
            state.isClosing = true
            state.isGivenUp = true
            state.operation.note(.closing)
            state.socket?.shutDown()
            return isFirst && state.operation.isRunning && state.operation.hasStarted
        }
        if isAbandoned { abandon(self) }
    }

    // MARK: For the canceller

    /// The address that the session leads to, in digits; nil for a Unix socket.
    var peerAddress: String? { monitor.update { $0.peerAddress } }

    /// The login of the session, if its user is not the configuration's: only the same user may stop it.
    var login: Login? {
        get { monitor.update { $0.login } }
        set { monitor.update { $0.login = newValue } }
    }

    /// The server that runs the session; nil until it is known.
    var server: ServerIdentity? {
        get { monitor.update { $0.server } }
        set { monitor.update { $0.server = newValue } }
    }

    /// Begins a request to stop the operation. False if it has ended already; else ``endRequest(_:)`` must follow.
    func beginRequest(_ operation: UInt64) -> Bool {
        share { state in
            guard state.operation.running == operation, state.operation.hasStarted, !state.isGivenUp else {
                return false
            }
            state.requestsOnTheirWay += 1
            return true
        }
    }

    enum Delivery: Sendable {
        case delivered, notSent, unknown
    }

    func endRequest(_ delivery: Delivery) {
        monitor.update { state in
            state.requestsOnTheirWay -= 1
            switch delivery {
            case .delivered: state.hasDelivered = true
            case .notSent: break
            case .unknown: state.hasLostRequest = true
            }
        }
    }

    func isRunning(_ operation: UInt64) -> Bool {
        share { $0.operation.running == operation && $0.operation.hasStarted && !$0.isGivenUp }
    }
}

extension OperationWord {
    /// Set once another thread has looked at the operation and may change it.
    fileprivate static var shared: UInt64 { firstFlag }
    fileprivate var isShared: Bool { self[Self.shared] }

    /// True once the operation may have sent something.
    fileprivate var hasStarted: Bool {
        get { self[Self.secondFlag] }
        set { self[Self.secondFlag] = newValue }
    }
}
