@_spi(Driver) internal import PoolCore

/// Whether the server's text says all of a value.
///
/// A statement that runs for the first time, and one with a column whose binary form nobody here knows, is answered in
/// text. What text of a number or a day says depends on settings:
/// https://www.postgresql.org/docs/current/runtime-config-client.html
enum TextForm: Sendable {
    case exact
    /// As long as the transaction is open: it has a setting of its own.
    case doubtfulInTransaction
    /// Something has run that may have changed the settings.
    case doubtful
}

extension Session {
    /// What the driver relies on, and the server, the role or the application may have set otherwise; and a look at who
    /// serves the session.
    mutating func startBaseline() throws {
        let link = try ready()
        // All digits of a number with a point. https://www.postgresql.org/docs/8.4/runtime-config-client.html for the
        // lower one.
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
        // A pooler tells its clients of processes of its own making.
        cache.isShared = process != .int(Int64(link.processID))
        cache.namesStatements = !cache.isShared || configuration.poolerKeepsStatements
        (textForm, needsBaseline) = (.exact, false)
    }

    private var hasISODates: Bool { link?.parameter("DateStyle")?.hasPrefix("ISO") ?? false }

    /// True if values that come as text are those that would come in binary. A session that is shared may have another
    /// server session, with other settings, by now.
    var readsTextExactly: Bool {
        guard !cache.isShared, hasISODates else { return false }
        return switch textForm {
        case .exact: true
        case .doubtfulInTransaction: link?.transactionStatus == .idle
        case .doubtful: false
        }
    }

    /// Notes what a command of the application's has done to the settings.
    mutating func noteSettings(after tag: String) {
        switch tag {
        case "SET": if textForm == .exact { textForm = .doubtfulInTransaction }
        case "RESET", "DISCARD ALL": (needsBaseline, hasReset) = (true, true)
        // What was set again may be undone, and what was reset before it not.
        case "ROLLBACK": if hasReset { needsBaseline = true }
        default: break
        }
    }
}
