internal import PoolIO
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Asks the server to stop statements, with `KILL QUERY` on a connection of its own: one at a time for each driver, opened when
/// it is needed and closed when nothing is left to stop.
final class Killer: Sendable {
    private struct Request: Sendable {
        let interrupter: Interrupter
        let operation: UInt64
        let connection: UInt
        /// When to ask, in milliseconds; later each time, until the operation ends.
        var moment: Int64
        var pause: Int64 = 1
    }

    private struct State {
        var requests: [Request] = []
        var isRunning = false
    }

    private let configuration: MySQLConfiguration
    private let helpers = HelperThreads(name: "mysql-kill", maximumThreads: 1)
    private let state = Mutex(State())

    init(_ configuration: MySQLConfiguration) {
        self.configuration = configuration
    }

    /// Asks for `operation` of `interrupter`, on the server's connection with this number, to be stopped.
    ///
    /// It is asked again and again for as long as the operation runs: a request that finds the connection between two
    /// statements has no effect.
    func ask(_ interrupter: Interrupter, _ operation: UInt64, connection: UInt) {
        let request = Request(
            interrupter: interrupter, operation: operation, connection: connection,
            moment: Library.coarseMilliseconds())
        let mustStart = state.withLock { state in
            state.requests.append(request)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if !mustStart { return }
        helpers.start {
            self.run()
        } failure: { _ in
            // Without a thread nobody asks; the time-out ends the connections.
            self.state.withLock { state in
                state.requests = []
                state.isRunning = false
            }
        }
    }

    // MARK: On the thread

    private func run() {
        Library.beginThread()
        var link: Link?
        while let requests = due() {
            for request in requests { serve(request, &link) }
        }
        link = nil
        Library.endThread()
    }

    /// Those whose moment has come, after a short sleep if none has. Nil if there is nothing left to do.
    private func due() -> [Request]? {
        let (requests, pause): ([Request]?, Int64) = state.withLock { state in
            state.requests.removeAll { !$0.interrupter.isRunning($0.operation) }
            guard let first = state.requests.map(\.moment).min() else {
                state.isRunning = false
                return (nil, 0)
            }
            let now = Library.coarseMilliseconds()
            let due = state.requests.filter { $0.moment <= now }
            state.requests.removeAll { $0.moment <= now }
            return (due, first - now)
        }
        if requests?.isEmpty == true { usleep(UInt32(min(max(pause, 1), 10)) * 1_000) }
        return requests
    }

    private func serve(_ request: Request, _ link: inout Link?) {
        let login = request.interrupter.login
        var own: Link?
        if login != nil { own = connect(login) } else if link == nil { link = connect(nil) }
        if let connected = own ?? link, request.interrupter.beginRequest(request.operation) {
            let delivery = kill(request.connection, connected)
            request.interrupter.endRequest(delivery)
            if delivery == .unknown { link = nil }
        }
        var next = request
        next.moment = Library.coarseMilliseconds() + next.pause
        next.pause = min(next.pause * 2, 100)
        state.withLock { $0.requests.append(next) }
    }

    private func connect(_ login: Login?) -> Link? {
        do {
            let link = try Link()
            try link.connect(configuration.forKilling(login), ConnectWait())
            return link
        } catch {
            // The server is full or gone. It is tried again until the statement ends or its time-out passes.
            return nil
        }
    }

    private func kill(_ connection: UInt, _ link: Link) -> Interrupter.Delivery {
        do {
            try link.query("KILL QUERY \(connection)")
            return .delivered
        } catch let error as MySQLError where !error.code.breaksConnection {
            // The connection is gone already, or belongs to another user.
            return .notSent
        } catch {
            return .unknown
        }
    }
}

extension MySQLConfiguration {
    /// The same server and user, with nothing that a `KILL` does not need, and an end to every wait.
    fileprivate func forKilling(_ login: Login?) -> MySQLConfiguration {
        let limit = Duration.seconds(max(1, min(cancelTimeout.components.seconds, 10)))
        let changed = try? MySQLConfiguration(
            location, user: login?.user ?? user, password: login?.password ?? password, tls: tls, connectTimeout: limit,
            readTimeout: limit,
            writeTimeout: limit, attributes: attributes)
        return changed ?? self
    }
}
