internal import CLibPQ

/// The owner of a `PGresult`.
@safe
struct ResultHandle: ~Copyable {
    enum Status: Sendable {
        case command, rows, row, empty, error, copyIn, copyOut, copyBoth, sync, aborted
    }

    /// Freed by `PQclear` in the deinitializer.
    private let result: OpaquePointer

    init(owning result: OpaquePointer) {
        unsafe self.result = unsafe result
    }

    deinit {
        unsafe PQclear(result)
    }

    var status: Status {
        switch unsafe clibpq_result_status(result) {
        case PGRES_COMMAND_OK: .command
        case PGRES_TUPLES_OK: .rows
        case PGRES_SINGLE_TUPLE: .row
        case PGRES_EMPTY_QUERY: .empty
        case PGRES_COPY_IN: .copyIn
        case PGRES_COPY_OUT: .copyOut
        case PGRES_COPY_BOTH: .copyBoth
        case PGRES_PIPELINE_SYNC: .sync
        case PGRES_PIPELINE_ABORTED: .aborted
        default: .error
        }
    }

    // MARK: What was done

    /// The command's tag, for example `INSERT 0 1`.
    var commandTag: String { unsafe String(cString: PQcmdStatus(result)) }

    /// The number of changed rows; 0 for statements other than INSERT, UPDATE, DELETE and MERGE.
    var affectedRows: Int {
        // libpq also counts the rows of SELECT, FETCH, MOVE and COPY.
        guard let tag = unsafe PQcmdStatus(result), let digits = unsafe PQcmdTuples(result) else { return 0 }
        switch unsafe (UInt8(bitPattern: tag[0]), UInt8(bitPattern: tag[1])) {
        case (UInt8(ascii: "I"), UInt8(ascii: "N")), (UInt8(ascii: "U"), UInt8(ascii: "P")),
            (UInt8(ascii: "D"), UInt8(ascii: "E")), (UInt8(ascii: "M"), UInt8(ascii: "E")):
            return unsafe Int(String(cString: digits)) ?? 0
        default: return 0
        }
    }

    var error: PostgresError { unsafe Self.error(of: result) }

    // MARK: Its shape

    var rowCount: Int { unsafe Int(PQntuples(result)) }
    var columnCount: Int { unsafe Int(PQnfields(result)) }

    func columnName(_ column: Int) -> String {
        unsafe PQfname(result, Int32(column)).map { unsafe String(cString: $0) } ?? ""
    }

    /// True if the columns have these names, each followed by a zero.
    func hasColumnNames(_ names: [CChar]) -> Bool {
        unsafe names.withUnsafeBufferPointer { names in
            var index = 0
            for column in 0..<columnCount {
                guard var name = unsafe PQfname(result, Int32(column)) else { return false }
                while true {
                    guard index < names.count, unsafe name.pointee == names[index] else { return false }
                    index += 1
                    if unsafe name.pointee == 0 { break }
                    unsafe name += 1
                }
            }
            return index == names.count
        }
    }

    func columnType(_ column: Int) -> UInt32 { unsafe PQftype(result, Int32(column)) }
    func columnIsBinary(_ column: Int) -> Bool { unsafe PQfformat(result, Int32(column)) == 1 }

    /// The types of the parameters, in the description of a statement.
    var parameterTypes: [UInt32] {
        unsafe (0..<PQnparams(result)).map { unsafe PQparamtype(result, $0) }
    }

    // MARK: Values

    /// Calls `body` with the bytes of a value, or returns nil for NULL.
    func withValue<Value>(_ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value? {
        let count = unsafe Int(PQgetlength(result, Int32(row), Int32(column)))
        // NULL has no length either: only an empty value needs a second call.
        if count == 0, unsafe PQgetisnull(result, Int32(row), Int32(column)) == 1 { return nil }
        // The bytes belong to the result.
        guard let start = unsafe PQgetvalue(result, Int32(row), Int32(column)) else { return nil }
        return unsafe body(UnsafeRawBufferPointer(start: start, count: count))  // in the row, because libpq compares.
    }

    static func error(of result: OpaquePointer) -> PostgresError {
        func field(_ code: some BinaryInteger) -> String? {
            unsafe PQresultErrorField(result, Int32(code)).map { unsafe String(cString: $0) }
        }
        func field(_ code: clibpq_field) -> String? { field(code.rawValue) }
        guard let state = field(clibpq_sqlstate) else {
            // libpq made the error itself: the connection is lost, or its input is invalid.
            return PostgresError(
                connectionFailure: unsafe String(cString: PQresultErrorMessage(result)).inOneLine)
        }
        var error = PostgresError(
            code: PostgresError.Code(rawValue: state),
            severity: field(clibpq_severity) ?? field(clibpq_severity_localized) ?? "ERROR",
            message: field(clibpq_message) ?? "")
        error.detail = field(clibpq_detail)
        error.remedy = field(clibpq_hint)
        error.position = field(clibpq_position).flatMap { Int($0) }
        error.context = field(clibpq_context)
        error.schema = field(clibpq_schema)
        error.table = field(clibpq_table)
        error.column = field(clibpq_column)
        error.dataType = field(clibpq_data_type)
        error.constraint = field(clibpq_constraint)
        // The message is in the server's language.
        error.isStalePlan = error.code == .featureNotSupported && field(clibpq_function) == "RevalidateCachedQuery"
        return error
    }
}
