@_spi(Driver) import PoolSQL
import Testing

@testable import PoolPostgres

@Suite("The kinds of PostgreSQL's errors")
struct ErrorKindTests {
    @Test("the errors that applications tell apart have the kind that they have with each database")
    func kinds() {
        func error(_ code: PostgresError.Code, severity: String = "ERROR") -> PostgresError {
            PostgresError(code: code, severity: severity, message: "")
        }
        let kinds: [(PostgresError, SQLErrorKind)] = [
            (error(.uniqueViolation), .uniqueViolation), (error(.foreignKeyViolation), .foreignKeyViolation),
            (error(.notNullViolation), .notNullViolation), (error(.checkViolation), .checkViolation),
            (error(.exclusionViolation), .other),
            (error(.serializationFailure), .conflict), (error(.deadlockDetected), .conflict),
            (error(.lockNotAvailable), .conflict),
            (error(.queryCanceled), .cancelled), (error(.readOnlyTransaction), .readOnly),
            (error(.transactionResolutionUnknown, severity: "FATAL"), .unknownOutcome),
            (error(.invalidPassword, severity: "FATAL").whileConnecting(), .connectionFailure),
            (error(.unknownDatabase).whileConnecting(), .connectionFailure), (error(.unknownDatabase), .other),
            (error(.adminShutdown, severity: "FATAL"), .connectionFailure), (.closed, .connectionFailure),
            (PostgresError(connectionFailure: ""), .connectionFailure),
            (error(.protocolViolation), .other), (error(.undefinedTable), .other), (.misuse(""), .other),
        ]
        for (error, kind) in kinds {
            #expect((error as any SQLDriverError).kind == kind, "\(error)")
        }
    }
}
