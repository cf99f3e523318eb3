internal import PoolSQL

extension PostgresError {
    /// The error for a session whose `client_encoding` a statement has changed.
    static func foreignEncoding(of link: Link) -> PostgresError {
        let encoding = link.parameter("client_encoding") ?? "another"
        var error = misuse("client_encoding is \(encoding): this connection reads and writes UTF8 only")
        error.remedy =
            "Do not set client_encoding: texts are Swift's. The end of the lease, or a ROLLBACK of the SET, brings UTF8 back"
        return error
    }

    /// The error for a COPY outside the functions for it.
    static let copyNeedsFunctions = {
        var error = misuse(
            "COPY needs the driver's own functions for it, which take one at a time", .featureNotSupported)
        error.remedy = "Use copyIn(_:_:) for FROM STDIN, and copyOut(_:_:) for TO STDOUT"
        return error
    }()

    /// The error's meaning for the pool.
    var verdict: PoolVerdict {
        switch code {
        case .tooManyConnections: return .serverFull
        case .cannotConnectNow: return .serverStarting
        default: break
        }
        if isConnecting { return connectVerdict }
        switch code {
        // One process of the server crashed, and all sessions end with it.
        case .crashShutdown, .databaseDropped: return .discardGeneration
        case .invalidStatementName, .duplicateStatementName: return .statementsStale
        case _ where isStalePlan: return .statementsStale
        case .readOnlyTransaction: return isOnStandby ? .endpointReadOnly : .keep
        default: break
        }
        // The server ends the session with these; class 08 also has errors that it survives, such as too few bind
        // values.
        return isFatal ? .discard : .keep
    }

    /// True if the error ends the session.
    var isFatal: Bool { severity == "FATAL" || severity == "PANIC" }

    private var connectVerdict: PoolVerdict {
        switch code.errorClass {
        // Authorization, the database's name, privileges, and settings that the server does not take.
        case "28", "3D", "42", "22", "0L", "0P": .refused
        default: isPermanentConnectFailure ? .refused : .discard
        }
    }

    /// True if the statement can run again after it has been prepared again.
    var asksToPrepareAgain: Bool {
        isStalePlan || code == .invalidStatementName || code == .duplicateStatementName
    }

    /// True if the server found the error before it began to execute the statement, provided that the statement calls
    /// only functions that compute.
    ///
    /// An error within a function or a trigger comes with a context that names it. A value that cannot be read as its
    /// parameter's type has a context of one line, which names only the parameter; an error in the statement itself
    /// has a position in it.
    var precedesExecution: Bool {
        guard let context else { return isOfReading || asksToPrepareAgain || code == .indeterminateDatatype }
        guard let dollar = context.firstIndex(of: "$"), !context.contains(where: { "(\"\n\r".contains($0) }) else {
            return false
        }
        return context[dollar...].dropFirst().first?.isNumber == true
    }

    /// True if the server found the error when it read the statement: only then it reports a position in the text. An
    /// error within a function's statement has a context.
    var isOfReading: Bool { position != nil && context == nil }

    /// True if the error may come from parameter types that the server reported before the schema or the search path
    /// changed.
    var mayComeFromOldTypes: Bool {
        switch code {
        case .undefinedFunction, .datatypeMismatch, .indeterminateDatatype, .numericValueOutOfRange,
            .invalidTextRepresentation, .ambiguousFunction, .undefinedObject, .internalError:
            true
        default: false
        }
    }

    /// True for the server's errors about a text above its limit of 1 GB: `bytea` takes two characters for each byte.
    /// The message is in English in every language.
    var isAboutLength: Bool {
        code == .programLimitExceeded
            || code == .internalError && message.hasPrefix("invalid memory alloc request size")
    }

    /// True if the error may come from a parameter whose type only the value can tell, and not the server.
    var mayLackTypes: Bool {
        code == .indeterminateDatatype || code == .ambiguousFunction || code == .datatypeMismatch
    }
}
