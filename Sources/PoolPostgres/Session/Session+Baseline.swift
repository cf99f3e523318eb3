@_spi(Driver) internal import PoolSQL

/// Whether the server's text form of a value is complete.
///
/// The first run of a statement, and any with a column whose binary form the driver does not know, is answered in
/// text. The text of a number or a date depends on settings:
/// https://www.postgresql.org/docs/current/runtime-config-client.html
enum TextForm: Sendable {
    case exact
    /// The open transaction has a setting of its own; exact again after its end.
    case doubtfulInTransaction
    /// A statement has run that may have changed the settings.
    case doubtful
}

extension Session {
    /// Sends the settings that the driver relies on, and that the server, the role or the application may have
    /// changed; and asks which process serves the session.
    mutating func startBaseline() throws {
        let link = try ready()
        // All digits of a floating-point number. For the lower value see
        // https://www.postgresql.org/docs/8.4/runtime-config-client.html
        var text = "SET extra_float_digits = \(link.serverVersion < 90_000 ? 2 : 3); "
        if !hasISODates { text += "SET datestyle = ISO; " }
        text += "SELECT pg_catalog.pg_backend_pid()"
        try link.sendScript(text)
        exchange = Exchange(isOwn: true)
    }

    /// Ends what ``startBaseline()`` began.
    mutating func finishBaseline() throws {
        let process = try finish().rows?.first?.values.first
        guard let link else { return }
        // A pooler reports process IDs of its own making to its clients.
        cache.isShared = process != .int(Int64(link.processID))
        cache.namesStatements = !cache.isShared || configuration.poolerKeepsStatements
        (textForm, needsBaseline) = (.exact, false)
    }

    private var hasISODates: Bool { link?.parameter("DateStyle")?.hasPrefix("ISO") ?? false }

    /// True if values in text form equal those in binary form. A shared session may lead to another server session,
    /// with other settings, by now.
    var readsTextExactly: Bool {
        guard !cache.isShared, hasISODates else { return false }
        return switch textForm {
        case .exact: true
        case .doubtfulInTransaction: link?.transactionStatus == .idle
        case .doubtful: false
        }
    }

    /// Notes what a command of the application has done to the settings.
    mutating func noteSettings(after tag: String) {
        switch tag {
        case "SET": if textForm == .exact { textForm = .doubtfulInTransaction }
        case "RESET", "DISCARD ALL": (needsBaseline, hasReset) = (true, true)
        // The rollback may undo the restored settings, and keep the earlier reset.
        case "ROLLBACK": if hasReset { needsBaseline = true }
        default: break
        }
    }
}
