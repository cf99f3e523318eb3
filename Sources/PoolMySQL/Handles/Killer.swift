internal import PoolCore
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
        /// Nil to end the connection, whatever it runs.
        let operation: UInt64?
        let connection: UInt
        /// When to stop asking, in milliseconds.
        var end = Int64.max
        /// When to ask, in milliseconds; later each time, until the operation ends.
        var moment: Int64
        var pause: Int64 = 1

        var isNeeded: Bool { operation.map { interrupter.isRunning($0) } ?? (Library.coarseMilliseconds() < end) }
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
        add(
            Request(
                interrupter: interrupter, operation: operation, connection: connection,
                moment: Library.coarseMilliseconds()))
    }

    /// Asks for the server's connection with this number to be ended: it was closed while something ran on it.
    func end(_ interrupter: Interrupter, connection: UInt) {
        let now = Library.coarseMilliseconds()
        let limit = Int64(configuration.cancelTimeout / .milliseconds(1))
        add(
            Request(
                interrupter: interrupter, operation: nil, connection: connection, end: now + limit, moment: now))
    }

    private func add(_ request: Request) {
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
        var link: Helper?
        while let requests = due() {
            for request in requests { serve(request, &link) }
        }
        link = nil
        Library.endThread()
    }

    /// Those whose moment has come, after a short sleep if none has. Nil if there is nothing left to do.
    private func due() -> [Request]? {
        let (requests, pause): ([Request]?, Int64) = state.withLock { state in
            state.requests.removeAll { !$0.isNeeded }
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

    /// A connection beside the pool's, and where it leads.
    private struct Helper {
        let link: Link
        let server: ServerIdentity
        let uptime: Int64
    }

    private func serve(_ request: Request, _ link: inout Helper?) {
        let login = request.interrupter.login
        var own: Helper?
        do {
            if login != nil {
                link = nil
                own = try connect(login)
            } else if link == nil {
                link = try connect(nil)
            }
        } catch {
            // The server is full or gone, or refuses. It is tried again until the statement ends or its time-out passes.
        }
        if let helper = own ?? link {
            let isSame =
                request.interrupter.server?.isSameServer(as: helper.server, runningFor: helper.uptime) ?? false
            let delivery = isSame ? send(request, helper.link) : nil
            // The next connection may lead to the right server.
            if !isSame || delivery == .unknown { link = nil }
            if request.operation == nil, delivery == .delivered || delivery == .notSent { return }
        }
        var next = request
        next.moment = Library.coarseMilliseconds() + next.pause
        next.pause = min(next.pause * 2, 100)
        state.withLock { $0.requests.append(next) }
    }

    private func connect(_ login: Login?) throws -> Helper {
        let configuration = configuration.forKilling(login)
        let wait = ConnectWait()
        return try wait.limited(to: configuration.connectTimeout) {
            let link = try Link()
            try link.connect(configuration, wait)
            return try link.whileConnecting(wait) {
                let server = ServerIdentity(try link.variables(ServerIdentity.names))
                return Helper(link: link, server: server, uptime: try link.uptime() ?? 0)
            }
        }
    }

    /// Nil if the operation has ended.
    private func send(_ request: Request, _ link: Link) -> Interrupter.Delivery? {
        guard let operation = request.operation else { return kill("CONNECTION", request.connection, link) }
        guard request.interrupter.beginRequest(operation) else { return nil }
        let delivery = kill("QUERY", request.connection, link)
        request.interrupter.endRequest(delivery)
        return delivery
    }

    private func kill(_ what: String, _ connection: UInt, _ link: Link) -> Interrupter.Delivery {
        do {
            try link.query("KILL \(what) \(connection)")
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
            writeTimeout: limit, attributes: attributes, allowsClearPassword: allowsClearPassword)
        return changed ?? self
    }
}
