/// The order in which a connect tries several hosts, and the time for each.
///
/// libpq would try the hosts one after the other in one connect, but limits the time for each only in its blocking
/// functions. So each host gets its own connect.
struct ConnectPlan: Sendable {
    /// libpq's settings by name; a later one of the same name overrides an earlier one.
    typealias Settings = [(name: String, value: String)]

    /// The settings of each attempt; at least one.
    let tries: [Settings]
    /// The time limit for each attempt: libpq's `connect_timeout`.
    private let timeout: Duration?

    /// - Parameter defaults: Returns the settings that libpq takes from the environment; may read files.
    init(_ settings: Settings, defaults: () -> [String: String] = ConnectionString.defaults) {
        var values: [String: String] = [:]
        // For libpq, an empty value means no value.
        for (name, value) in settings where !value.isEmpty { values[name] = value }
        if values["service"] == nil { values.merge(defaults()) { own, _ in own } }
        timeout = Self.timeout(values["connect_timeout"])
        tries = Self.tries(settings, values) ?? [settings]
    }

    /// How long the next attempt may take. `left` is the time left for all further attempts, nil if it is unknown.
    func limit(of number: Int, left: Duration?) -> Duration? {
        // The last attempt needs no share: the caller cancels the task when the limit for all has passed.
        let share = number + 1 == tries.count ? nil : left.map { $0 / (tries.count - number) }
        guard let share, let timeout else { return share ?? timeout }
        return min(share, timeout)
    }

    /// The limit in whole seconds, which libpq raises to at least two:
    /// https://www.postgresql.org/docs/15/libpq-connect.html
    private static func timeout(_ text: String?) -> Duration? {
        guard let text, let seconds = Int(text.inOneLine), seconds > 0 else { return nil }
        return .seconds(max(seconds, 2))
    }

    /// The attempts. Nil if there is only one host, or if the lists are inconsistent, so that libpq should report the
    /// error.
    private static func tries(_ settings: Settings, _ values: [String: String]) -> [Settings]? {
        func list(_ name: String) -> [String]? {
            values[name].map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        }
        let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
        let count = (addresses ?? names)?.count ?? 1
        let lists = [names, addresses, ports?.count == 1 ? nil : ports].compactMap(\.self)
        guard count > 1, lists.allSatisfy({ $0.count == count && !$0.contains("") }) else { return nil }

        let common = settings.filter { !["host", "hostaddr", "port", "target_session_attrs"].contains($0.name) }
        var order = Array(0..<count)
        if values["load_balance_hosts"] == "random" { order.shuffle() }
        // An attempt cannot know whether a later one will find a standby.
        let kind = values["target_session_attrs"]
        let rounds = kind == "prefer-standby" ? ["standby", "any"] : [kind ?? "any"]
        return rounds.flatMap { kind in
            order.map { number in
                var own = common
                if let names { own.append(("host", names[number])) }
                if let addresses { own.append(("hostaddr", addresses[number])) }
                if let ports { own.append(("port", ports[ports.count == 1 ? 0 : number])) }
                own.append(("target_session_attrs", kind))
                return own
            }
        }
    }
}

extension PostgresError {
    /// True if libpq would continue with the next host. It does not if a host has answered and refused, unless that
    /// host is starting or stopping: another host would hardly accept the password either.
    var allowsNextHost: Bool {
        (code == .cannotConnect && !isPermanentConnectFailure) || code == .cannotConnectNow
    }

    /// The error of a connect to several hosts, of which the last error says most.
    func after(_ failures: [PostgresError]) -> PostgresError {
        if failures.isEmpty { return self }
        let all = failures + [self]
        let reason = all.last { $0.code != .cannotConnect } ?? self
        var error = PostgresError(
            code: reason.code, severity: "FATAL", message: all.map(\.message).joined(separator: "; "))
        error.isConnecting = true
        return error
    }
}
