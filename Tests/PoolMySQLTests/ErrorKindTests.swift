@_spi(Driver) import PoolSQL
import Testing

@testable import PoolMySQL

@Suite("The kinds of MySQL's errors")
struct ErrorKindTests {
    @Test("a failed check has the number of MariaDB or the one of MySQL")
    func checks() {
        // ER_CONSTRAINT_FAILED of MariaDB, ER_CHECK_CONSTRAINT_VIOLATED of MySQL.
        for number: UInt32 in [4025, 3819] {
            #expect(MySQLError(.init(rawValue: number), sqlState: "HY000", "").kind == .checkViolation, "\(number)")
        }
    }

    @Test("the errors that applications tell apart have the kind that they have with each database")
    func kinds() {
        let kinds: [(MySQLError, SQLErrorKind)] = [
            (MySQLError(.duplicateEntry, sqlState: "23000", ""), .uniqueViolation),
            (MySQLError(.foreignKeyParent, ""), .foreignKeyViolation),
            (MySQLError(.foreignKeyChild, ""), .foreignKeyViolation),
            (MySQLError(.columnCannotBeNull, ""), .notNullViolation),
            (MySQLError(.checkConstraint, ""), .checkViolation),
            (MySQLError(.mySQLCheckConstraint, ""), .checkViolation),
            (MySQLError(.deadlock, ""), .conflict), (MySQLError(.lockWaitTimeout, ""), .conflict),
            (MySQLError(.queryInterrupted, ""), .cancelled), (MySQLError(.statementTimeout, ""), .cancelled),
            (MySQLError(.readOnlyTransaction, ""), .readOnly), (MySQLError(.readOnlyServer, ""), .readOnly),
            (MySQLError(.optionPreventsStatement, "the --read-only option"), .readOnly),
            (MySQLError(.optionPreventsStatement, "the --secure-file-priv option"), .other),
            (MySQLError(.accessDenied, "").whileConnecting(), .connectionFailure),
            (MySQLError(.accessDenied, ""), .other),
            (MySQLError(.serverLost, ""), .connectionFailure), (.closed, .connectionFailure),
            (MySQLError(.serverLost, sqlState: MySQLError.unknownOutcome, ""), .unknownOutcome),
            (MySQLError(.noSuchTable, ""), .other), (MySQLError.local(.misuse, ""), .other),
        ]
        for (error, kind) in kinds {
            #expect((error as any SQLDriverError).kind == kind, "\(error)")
        }
    }
}
