internal import PoolIO
internal import PoolSQL

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Asks the server to stop statements, with `KILL QUERY` on a separate connection. Each driver has at most one such
/// connection: it is opened when needed, and closed when there was nothing to stop for a second, or when the driver
/// has no connections any more.
final class StatementCanceller: Sendable {
    private struct Request: Sendable {
        let interrupter: Interrupter
        /// The operation to stop; nil to end the connection, whatever it runs.
        let operation: UInt64?
        let connection: UInt
        /// When to stop asking, in coarse milliseconds.
        var end = Int64.max
        /// When to ask next, in coarse milliseconds; the pauses grow until the operation ends.
        var moment: Int64
        var pause: Int64 = 1

        var isNeeded: Bool { operation.map { interrupter.isRunning($0) } ?? (ClientLibrary.coarseMilliseconds() < end) }
    }

    private struct State {
        var requests: [Request] = []
        var isRunning = false
        /// How often the thread has waited for more requests.
        var waits: UInt64 = 0
        var isWaitOver = false
        /// The driver's connections, whose statements may have to be stopped.
        var connectionCount = 0
    }

    /// How long the idle connection is kept: one cancelled statement is often followed by another.
    private static let idleTime = Duration.seconds(1)

    private let configuration: MySQLConfiguration
    private let helpers = HelperThreads(name: "mysql-kill", maximumThreads: 1)
    private let state = Monitor(State())

    init(_ configuration: MySQLConfiguration) {
        self.configuration = configuration
    }

    /// Asks the server to stop `operation` of `interrupter`, which runs on the server's connection with this number.
    ///
    /// The request is repeated for as long as the operation runs: one that reaches the connection between two
    /// statements has no effect.
    func ask(_ interrupter: Interrupter, _ operation: UInt64, connection: UInt) {
        add(
            Request(
                interrupter: interrupter, operation: operation, connection: connection,
                moment: ClientLibrary.coarseMilliseconds()))
    }

    /// Asks the server to end its connection with this number, which was closed while something ran on it.
    func end(_ interrupter: Interrupter, connection: UInt) {
        let now = ClientLibrary.coarseMilliseconds()
        let limit = Int64(configuration.cancelTimeout / .milliseconds(1))
        add(
            Request(
                interrupter: interrupter, operation: nil, connection: connection, end: now + limit, moment: now))
    }

    func noteConnect() { state.update { $0.connectionCount += 1 } }

    func noteClose() { state.update { $0.connectionCount -= 1 } }

    private func add(_ request: Request) {
        let mustStart = state.update { state in
            state.requests.append(request)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if !mustStart { return }
        helpers.start {
            self.run()
        } failure: { _ in
            // Without a thread no request is sent; the operations' time-outs then end the connections.
            self.state.update { state in
                state.requests = []
                state.isRunning = false
            }
        }
    }

    // MARK: On the thread

    private func run() {
        ClientLibrary.beginThread()
        var helper: Helper?
        repeat {
            while let requests = due() {
                for request in requests { serve(request, &helper) }
            }
        } while waitsForMore(helper)
        helper = nil
        ClientLibrary.endThread()
    }

    /// Takes the requests that are due, after a short sleep if none is. Nil if there is nothing left to do.
    private func due() -> [Request]? {
        let (requests, pause): ([Request]?, Int64) = state.update { state in
            state.requests.removeAll { !$0.isNeeded }
            guard let first = state.requests.map(\.moment).min() else { return (nil, 0) }
            let now = ClientLibrary.coarseMilliseconds()
            let due = state.requests.filter { $0.moment <= now }
            state.requests.removeAll { $0.moment <= now }
            return (due, first - now)
        }
        if requests?.isEmpty == true { usleep(UInt32(min(max(pause, 1), 10)) * 1_000) }
        return requests
    }

    /// True if there is more to stop before the connection has been idle for too long. After false, the thread must
    /// end.
    private func waitsForMore(_ helper: Helper?) -> Bool {
        let wait = state.update { state in
            state.waits += 1
            state.isWaitOver = helper == nil
            return state.waits
        }
        let timer = Task.detached {
            do { try await Task.sleep(for: Self.idleTime) } catch { return }
            self.state.update { state in
                if state.waits == wait { state.isWaitOver = true }
            }
        }
        defer { timer.cancel() }
        return state.wait { state in
            if !state.requests.isEmpty { return true }
            if !state.isWaitOver && state.connectionCount > 0 { return nil }
            state.isRunning = false
            return false
        }
    }

    /// The separate connection, and where it leads.
    fileprivate struct Helper {
        let link: Link
        let login: Login?
        let address: String?
        let server: ServerIdentity
        let uptime: Int64
    }

    private func serve(_ request: Request, _ helper: inout Helper?) {
        if let existing = helper, !existing.mayServe(request.interrupter) { helper = nil }
        var next = request
        do {
            // Opened only after the previous one has ended: there is never a second.
            if helper == nil { helper = try connect(request.interrupter) }
        } catch {
            // The server is full, gone, or refuses. The attempt is repeated until the statement ends or its time-out
            // passes, but rarely if the server refuses, because servers count refused logins.
            if (error as? MySQLError)?.whileConnecting().verdict == .refused { next.pause = 1_000 }
        }
        if let found = helper {
            let isSame =
                request.interrupter.server?.isSameServer(as: found.server, runningFor: found.uptime) ?? false
            let delivery = isSame ? send(request, found.link) : nil
            // The next connection may lead to the right server.
            if !isSame || delivery == .unknown { helper = nil }
            if request.operation == nil, delivery == .delivered || delivery == .notSent { return }
        }
        next.moment = ClientLibrary.coarseMilliseconds() + next.pause
        next.pause = min(next.pause * 2, 100)
        state.update { $0.requests.append(next) }
    }

    private func connect(_ interrupter: Interrupter) throws -> Helper {
        let (login, address) = (interrupter.login, interrupter.peerAddress)
        let configuration = configuration.forKilling(login, at: address)
        let wait = ConnectWait()
        return try wait.limited(to: configuration.connectTimeout) {
            let link = try Link()
            try link.connect(configuration, wait)
            return try link.whileConnecting(wait) {
                let server = ServerIdentity(try link.variables(ServerIdentity.names))
                return Helper(
                    link: link, login: login, address: address, server: server, uptime: try link.uptime() ?? 0)
            }
        }
    }

    /// Sends one request. Nil if the operation has ended.
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

extension StatementCanceller.Helper {
    /// True if this connection can presumably stop what the session runs: it leads to the same place and belongs to
    /// the same user, and the server has not ended it.
    fileprivate func mayServe(_ interrupter: Interrupter) -> Bool {
        login == interrupter.login && address == interrupter.peerAddress && !Socket.hasInput(link.socket)
    }
}

extension MySQLConfiguration {
    /// The configuration for a connection that only sends `KILL`: the same server and user, and a limit for every
    /// wait.
    ///
    /// `address` is where the session's own connection leads, because the host's name may lead elsewhere by now. With
    /// a verified certificate, which is issued for the name, the name is used.
    fileprivate func forKilling(_ login: Login?, at address: String?) -> MySQLConfiguration {
        let limit = Duration.seconds(max(1, min(cancelTimeout.components.seconds, 10)))
        var place = location
        if case .tcp(_, let port) = location, let address, tls.mode != .verified {
            place = .tcp(host: address, port: port)
        }
        let changed = try? MySQLConfiguration(
            place, user: login?.user ?? user, password: login?.password ?? password, tls: tls, connectTimeout: limit,
            readTimeout: limit, writeTimeout: limit, attributes: attributes, allowsClearPassword: allowsClearPassword)
        return changed ?? self
    }
}
