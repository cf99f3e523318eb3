internal import PoolSQL

extension MySQLError {
    /// The error's meaning for the pool.
    var verdict: PoolVerdict {
        switch code {
        case .tooManyConnections, .tooManyUserConnections, .userLimitReached: return .serverFull
        // ER_UNKNOWN_COM_ERROR, from a Galera node that is not ready, and ER_SERVER_OFFLINE_MODE.
        case _ where isConnecting && [1047, 3032].contains(code.rawValue): return .serverStarting
        // ER_CANT_CREATE_THREAD and ER_OUT_OF_RESOURCES.
        case _ where isConnecting && [1041, 1135].contains(code.rawValue): return .serverFull
        // A Galera node that has left its cluster answers each statement with this.
        case _ where code.rawValue == 1047 && message.contains("WSREP"): return .discard
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

    /// True for a refusal that lasts until a person changes something.
    private var isPermanentConnectFailure: Bool {
        switch code {
        case .databaseAccessDenied, .accessDenied, .unknownDatabase, .hostBlocked, .hostNotAllowed,
            .authenticationPlugin:
            true
        // A connection that is lost in the middle of a handshake also reports this code.
        case .tls: !Self.signsOfALoss.contains { message.contains($0) }
        // A locked account, or one whose password has expired; a plug-in or variable that the server does not know; a
        // setting that needs another user's rights; a role that is not the user's (ER_INVALID_ROLE,
        // ER_ROLE_NOT_GRANTED).
        case _ where Self.refusals.contains(code.rawValue): true
        // A user that the server refuses, and an init command that it cannot parse. Only for server codes outside
        // libmariadb's range: the server uses 42000 for limits, too.
        case _ where !(2000..<3000).contains(code.rawValue): sqlState.hasPrefix("28") || sqlState.hasPrefix("42")
        default: false
        }
    }

    private static let refusals: Set<UInt32> = [
        1193, 1227, 1231, 1232, 1238, 1524, 1820, 1862, 1959, 3118, 3159, 3530, 4151,
    ]
    private static let signsOfALoss = ["unexpected eof", "Connection reset", "Broken pipe", "timed out", "timeout"]

    /// True if the transaction may succeed when it runs again.
    var allowsRetry: Bool {
        // 1020, ER_CHECKREAD: a row has changed since the transaction's snapshot was taken.
        code == .deadlock || code == .lockWaitTimeout || code.rawValue == 1020
    }
}
