internal import PoolCore

extension PostgresError {
    /// A statement has changed the session's `client_encoding`.
    static func foreignEncoding(of link: Link) -> PostgresError {
        let encoding = link.parameter("client_encoding") ?? "another"
        var error = misuse("client_encoding is \(encoding): this connection reads and writes UTF8 only")
        error.hint =
            "Do not set client_encoding: texts are Swift's. The end of the lease, or a ROLLBACK of the SET, brings UTF8 back"
        return error
    }

    /// A COPY outside of the functions for it.
    static let copyNeedsFunctions = {
        var error = misuse(
            "COPY needs the driver's own functions for it, which take one at a time", .featureNotSupported)
        error.hint = "Use copyIn(_:_:) for FROM STDIN, and copyOut(_:_:) for TO STDOUT"
        return error
    }()

    /// What the error means for the pool.
    var verdict: Verdict {
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

    /// True if the session ends with it.
    var isFatal: Bool { severity == "FATAL" || severity == "PANIC" }

    private var connectVerdict: Verdict {
        switch code.errorClass {
        // Authorization, the database's name, privileges, and settings that the server does not take.
        case "28", "3D", "42", "22", "0L", "0P": .refused
        default: isPermanentConnectFailure ? .refused : .discard
        }
    }

    /// True if the statement can be run again once it has been prepared anew.
    var asksToPrepareAgain: Bool {
        isStalePlan || code == .invalidStatementName || code == .duplicateStatementName
    }

    /// True if the server found it before it began to execute the statement, provided that the statement calls no
    /// function but such as only compute.
    ///
    /// What a function or a trigger meets comes with a context that names it. A value that cannot be read as its
    /// parameter's type has a context of one line, which names the parameter alone, and what is wrong with the
    /// statement has a position in it.
    var precedesExecution: Bool {
        guard let context else { return isOfReading || asksToPrepareAgain || code == .indeterminateDatatype }
        guard let dollar = context.firstIndex(of: "$"), !context.contains(where: { "(\"\n\r".contains($0) }) else {
            return false
        }
        return context[dollar...].dropFirst().first?.isNumber == true
    }

    /// True if the server found it when it read the statement: only then it tells where in the text the error is. What
    /// a statement within a function meets has a context.
    var isOfReading: Bool { position != nil && context == nil }

    /// True if it may come from parameter types that the server has told of before the schema or the search path
    /// changed.
    var mayComeFromOldTypes: Bool {
        switch code {
        case .undefinedFunction, .datatypeMismatch, .indeterminateDatatype, .numericValueOutOfRange,
            .invalidTextRepresentation, .ambiguousFunction, .undefinedObject, .internalError:
            true
        default: false
        }
    }

    /// True for what the server says of a text above its limit of 1 GB: `bytea` takes two characters for each byte. The
    /// first message is in English in each language.
    var isAboutLength: Bool {
        code == .programLimitExceeded
            || code == .internalError && message.hasPrefix("invalid memory alloc request size")
    }

    /// True if it may come from a parameter whose type the server cannot tell, and the value can.
    var mayLackTypes: Bool {
        code == .indeterminateDatatype || code == .ambiguousFunction || code == .datatypeMismatch
    }
}
