@_spi(Driver) import PoolSQL
import Testing

@testable import PoolSQLite

@Suite("The kinds of SQLite's errors")
struct ErrorKindTests {
    @Test("the errors that applications tell apart have the kind that they have with each database")
    func kinds() {
        let kinds: [(SQLiteError, SQLErrorKind)] = [
            (SQLiteError(.constraintUnique, ""), .uniqueViolation),
            (SQLiteError(.constraintPrimaryKey, ""), .uniqueViolation),
            (SQLiteError(.constraintForeignKey, ""), .foreignKeyViolation),
            (SQLiteError(.constraintNotNull, ""), .notNullViolation),
            (SQLiteError(.constraintCheck, ""), .checkViolation),
            (SQLiteError(.constraintTrigger, ""), .other),
            (SQLiteError(.busySnapshot, ""), .conflict), (SQLiteError(.locked, ""), .conflict),
            (SQLiteError(.interrupt, ""), .cancelled),
            (SQLiteError(.readOnlyDirectory, ""), .readOnly),
            (SQLiteError(.cannotOpen, "", isConnecting: true), .connectionFailure),
            (SQLiteError(.inputOutput, ""), .connectionFailure), (.closed, .connectionFailure),
            (SQLiteError(.error, "no such table: t"), .other), (SQLiteError(.misuse, ""), .other),
        ]
        for (error, kind) in kinds {
            #expect((error as any SQLDriverError).kind == kind, "\(error)")
        }
    }

    @Test("an error keeps what it says as the end of an attempt to connect, and about a statement")
    func copies() {
        let error = SQLiteError(.busy, "database is locked", offset: 3)
        #expect(!error.isConnecting && error.whileConnecting().isConnecting)
        let told = error.whileConnecting().inStatement("SELECT 1")
        #expect(told.sql == "SELECT 1" && told.isConnecting && told.remedy != nil && told.offset == 3)
    }
}
