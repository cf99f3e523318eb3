/// In which order a connect tries several hosts, and how long each may take.
///
/// libpq would try them one after the other in one connect, but bounds the time for each only in its functions that
/// block. So each host gets a connect of its own.
struct ConnectPlan: Sendable {
    /// libpq's settings by name; a later one of the same name overrides an earlier one.
    typealias Settings = [(name: String, value: String)]

    /// One or more.
    let tries: [Settings]
    /// libpq's `connect_timeout`, for each try.
    private let timeout: Duration?

    /// - Parameter defaults: Called for what libpq takes from the environment; may read files.
    init(_ settings: Settings, defaults: () -> [String: String] = ConnectionString.defaults) {
        var values: [String: String] = [:]
        // To libpq an empty value is none.
        for (name, value) in settings where !value.isEmpty { values[name] = value }
        if values["service"] == nil { values.merge(defaults()) { own, _ in own } }
        timeout = Self.timeout(values["connect_timeout"])
        tries = Self.tries(settings, values) ?? [settings]
    }

    /// How long the next try may take. `left` is what is left for all that are still to come, nil if nobody knows.
    func limit(of number: Int, left: Duration?) -> Duration? {
        // What comes after the last is nothing: whoever set the limit for all cancels the task.
        let share = number + 1 == tries.count ? nil : left.map { $0 / (tries.count - number) }
        guard let share, let timeout else { return share ?? timeout }
        return min(share, timeout)
    }

    /// In whole seconds, of which libpq makes at least two: https://www.postgresql.org/docs/15/libpq-connect.html
    private static func timeout(_ text: String?) -> Duration? {
        guard let text, let seconds = Int(text.inOneLine), seconds > 0 else { return nil }
        return .seconds(max(seconds, 2))
    }

    /// Nil if there is one host only, or if the lists are such that libpq shall say what it makes of them.
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
        // One try cannot know whether a later one will find a standby.
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
    /// True if libpq would go on with the next host. It does not where a host has answered and refused, but for one
    /// that is starting or stopping: another host would hardly know the password better.
    var allowsNextHost: Bool {
        (code == .cannotConnect && !isPermanentConnectFailure) || code == .cannotConnectNow
    }

    /// The end of a connect to several hosts, of which the last error tells the most.
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
