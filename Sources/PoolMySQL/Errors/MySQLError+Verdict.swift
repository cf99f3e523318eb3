internal import PoolCore

extension MySQLError {
    /// What the error means for the pool.
    var verdict: Verdict {
        switch code {
        case .tooManyConnections, .tooManyUserConnections, .userLimitReached: return .serverFull
        case .serverShutdown: return isConnecting ? .serverStarting : .discardGeneration
        case .needsReprepare, .unknownStatement, .newMetadata: return .statementsStale
        case .readOnlyServer: return .endpointReadOnly
        case .optionPreventsStatement where message.contains("read-only") || message.contains("read_only"):
            return .endpointReadOnly
        default: break
        }
        if isLocal { return isConnecting ? .refused : .keep }
        if isConnecting { return isPermanentConnectFailure ? .refused : .discard }
        return code.breaksConnection ? .discard : .keep
    }

    /// True for what only a person can mend.
    private var isPermanentConnectFailure: Bool {
        switch code {
        case .accessDenied, .databaseAccessDenied, .unknownDatabase, .hostNotAllowed, .hostBlocked,
            .authenticationPlugin:
            true
        // A lost connection looks like this too, in the middle of a handshake.
        case .tls: !Self.signsOfALoss.contains { message.contains($0) }
        // The server answered, and did not like what it was told: an account that is locked, an init command.
        case _ where !(2000..<3000).contains(code.rawValue):
            sqlState.hasPrefix("28") || sqlState.hasPrefix("42")
                || (code.rawValue != 0 && !code.breaksConnection)
        default: false
        }
    }

    private static let signsOfALoss = ["unexpected eof", "Connection reset", "Broken pipe", "timed out", "timeout"]

    /// True if the transaction may succeed when it is run again.
    var allowsRetry: Bool {
        // 1020, ER_CHECKREAD: a row has changed since the snapshot of the transaction was taken.
        code == .deadlock || code == .lockWaitTimeout || code.rawValue == 1020
    }
}
