internal import CLibPQ
internal import PoolIO

/// The owner of a `PGconn`. Used by one call at a time.
///
/// No call blocks except ``poll()``, which may resolve names and read files.
@safe
final class Link {
    enum ConnectStep: Sendable {
        case reading, writing, connected, failed
    }

    enum TransactionStatus: Sendable {
        case idle, active, inTransaction, failed, unknown
    }

    /// Freed by `PQfinish` in the deinitializer.
    private let connection: OpaquePointer
    /// Kept, because libpq holds its address.
    private let notices: NoticeSink
    /// The encryption; nil without one.
    private var encryption: Encryption?
    /// The number that libpq has for UTF-8.
    private let utf8 = unsafe pg_char_to_encoding("UTF8")

    /// Begins to connect. Each name is a keyword of libpq, and a later one overrides an earlier one.
    init(connectingWith parameters: [(name: String, value: String)], notices: NoticeSink) throws {
        let started = unsafe CStringArray.with(parameters.map(\.name)) { names in
            unsafe CStringArray.with(parameters.map(\.value)) { values in
                unsafe PQconnectStartParams(names, values, 0)
            }
        }
        guard let started = unsafe started else { throw PostgresError.outOfMemory }
        unsafe connection = unsafe started
        self.notices = notices
        // Only verbose messages contain the SQLSTATE of a refused connect: libpq has no other interface for it.
        unsafe PQsetErrorVerbosity(started, PQERRORS_VERBOSE)
        unsafe PQsetNoticeReceiver(started, receiveNotice, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit {
        unsafe PQfinish(connection)
    }

    // MARK: Connecting

    /// Continues to connect. May change the socket.
    func poll() -> ConnectStep {
        switch unsafe PQconnectPoll(connection) {
        case PGRES_POLLING_READING: .reading
        case PGRES_POLLING_WRITING: .writing
        case PGRES_POLLING_OK: .connected
        default: .failed
        }
    }

    /// Makes an established connection ready for use.
    func finishConnecting() {
        unsafe PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        unsafe PQsetnonblocking(connection, 1)
        encryption = unsafe Encryption(of: connection)
    }

    /// The socket's descriptor; -1 without one.
    var socket: Int32 { unsafe PQsocket(connection) }
    var isConnected: Bool { unsafe PQstatus(connection) == CONNECTION_OK }
    /// The process ID of the server process of the session.
    var processID: Int32 { unsafe PQbackendPID(connection) }
    /// The server's version as a number: 150018 for 15.18.
    var serverVersion: Int { unsafe Int(PQserverVersion(connection)) }

    /// The server's error that ended the session while no statement ran; nil if none did.
    var fatalNotice: PostgresError? { notices.fatal }

    /// libpq's message about its latest failure, in one line.
    var errorMessage: String { errorLines.inOneLine }

    /// The lines of ``errorMessage`` as libpq writes them; after a connect they contain the SQLSTATE at a fixed
    /// place.
    var errorLines: String { unsafe String(cString: PQerrorMessage(connection)) }

    /// The value of a setting, if the server reports that setting.
    func parameter(_ name: String) -> String? {
        unsafe PQparameterStatus(connection, name).map { unsafe String(cString: $0) }
    }

    /// False once the session has another `client_encoding`, which the server reports when it is ready for the next
    /// statement.
    var isUTF8: Bool { unsafe PQclientEncoding(connection) == utf8 }

    var transactionStatus: TransactionStatus {
        switch unsafe PQtransactionStatus(connection) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// Makes an object that can cancel the statements of this connection, from any thread.
    ///
    /// - Parameter threads: Returns the threads for requests to an address.
    func makeCanceller(_ threads: (String) -> HelperThreads) -> StatementCanceller? {
        guard let handle = unsafe clibpq_cancel_create(connection) else { return nil }
        return unsafe StatementCanceller(handle, threads: threads(address))
    }

    /// The host's address if it is known, or its name, or the folder of the Unix socket; and the port.
    private var address: String {
        let parts = unsafe [PQhostaddr(connection), PQhost(connection), PQport(connection)]
        return unsafe parts.map { unsafe $0.map { unsafe String(cString: $0) } ?? "" }.joined(separator: " ")
    }

    // MARK: Sending

    private func check(_ result: Int32) throws {
        if result == 0 { throw PostgresError(connectionFailure: errorMessage) }
    }

    /// Sends statements separated by semicolons.
    func sendScript(_ text: String) throws {
        unsafe try check(PQsendQuery(connection, text))
    }

    // Strings are passed with withCString, which copies none to the heap, as an implicit conversion would.

    /// Sends one run of a statement. Without types, the server infers them.
    func send(
        _ text: String, _ types: [UInt32], _ binds: borrowing BindBuffer, _ run: Range<Int>, binaryResults: Bool
    ) throws {
        unsafe try check(
            binds.withArrays(run) { values, lengths, formats in
                unsafe text.withCString { text in
                    unsafe types.withUnsafeBufferPointer { types in
                        unsafe PQsendQueryParams(
                            connection, text, Int32(run.count), types.isEmpty ? nil : types.baseAddress, values,
                            lengths,
                            formats, binaryResults ? 1 : 0)
                    }
                }
            })
    }

    func sendPrepare(_ name: String, _ text: String, _ types: [UInt32]) throws {
        unsafe try check(
            types.withUnsafeBufferPointer { types in
                unsafe PQsendPrepare(connection, name, text, Int32(types.count), types.baseAddress)
            })
    }

    func sendDescribe(_ name: String) throws {
        unsafe try check(PQsendDescribePrepared(connection, name))
    }

    func sendPrepared(
        _ name: String, _ binds: borrowing BindBuffer, _ run: Range<Int>, binaryResults: Bool
    ) throws {
        let count = Int32(run.count)
        let result = unsafe binds.withArrays(run) { values, lengths, formats in
            unsafe name.withCString { name in
                unsafe PQsendQueryPrepared(
                    connection, name, count, values, lengths, formats, binaryResults ? 1 : 0)
            }
        }
        try check(result)
    }

    func enterPipeline() throws { unsafe try check(PQenterPipelineMode(connection)) }
    func exitPipeline() throws { unsafe try check(PQexitPipelineMode(connection)) }
    func sendSync() throws { unsafe try check(PQpipelineSync(connection)) }

    /// Makes the rows of the statement that was just sent arrive in several results: of at most `count` rows with
    /// libpq 17 or newer, and of one row with an older libpq.
    func setRowsPerResult(_ count: Int) { unsafe clibpq_set_rows_per_result(connection, Int32(clamping: count)) }

    // MARK: Exchanging

    enum Flush: Sendable {
        case done, blocked, failed
    }

    func flush() -> Flush {
        switch unsafe PQflush(connection) {
        case 0: .done
        case 1: .blocked
        default: .failed
        }
    }

    /// Reads the input that has arrived. False if the connection is lost.
    func consumeInput() -> Bool { unsafe PQconsumeInput(connection) == 1 }

    /// The number of bytes that wait in the socket for ``consumeInput()``.
    var pendingInput: Int { unsafe Int(clibpq_pending_input(connection)) }

    /// Whether input has left the socket that ``consumeInput()`` has not read.
    var heldInput: HeldInput { encryption?.heldInput ?? .none }

    /// True if ``nextResult()`` would have to wait.
    var isBusy: Bool { unsafe PQisBusy(connection) == 1 }

    func nextResult() -> ResultHandle? {
        unsafe PQgetResult(connection).map { unsafe ResultHandle(owning: $0) }
    }

    /// The next notification that has arrived, if there is one.
    func nextNotification() -> PostgresNotification? {
        guard let notify = unsafe PQnotifies(connection) else { return nil }
        defer { unsafe PQfreemem(notify) }
        return unsafe PostgresNotification(
            channel: String(cString: notify.pointee.relname), payload: String(cString: notify.pointee.extra),
            processID: notify.pointee.be_pid)
    }

    // MARK: COPY

    enum CopyOut: Sendable {
        case data([UInt8])
        case wait
        case end
    }

    /// Ends a COPY from the client; with a reason, it fails on the server.
    func endCopyIn(failure: String?) -> Flush {
        let result =
            if let failure { unsafe PQputCopyEnd(connection, failure) } else { unsafe PQputCopyEnd(connection, nil) }
        return result == 1 ? .done : result == 0 ? .blocked : .failed
    }

    func putCopyData(_ bytes: [UInt8]) -> Flush {
        let result = unsafe bytes.withUnsafeBytes { bytes in
            unsafe PQputCopyData(connection, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        return result == 1 ? .done : result == 0 ? .blocked : .failed
    }

    /// The next row of a COPY to the client.
    func nextCopyData() -> CopyOut {
        var buffer: UnsafeMutablePointer<CChar>?
        let count = unsafe PQgetCopyData(connection, &buffer, 1)
        guard let buffer = unsafe buffer else { return count == 0 ? .wait : .end }
        defer { unsafe PQfreemem(buffer) }
        return unsafe .data([UInt8](unsafe UnsafeRawBufferPointer(start: buffer, count: Int(count))))
    }
}

extension String {
    /// The message in one line. libpq ends its messages with a line feed, and begins further lines with a tab. A line
    /// that begins with a small letter continues a sentence.
    var inOneLine: String {
        var text = ""
        for line in split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if words.isEmpty { continue }
            if !text.isEmpty { text += words.first?.isLowercase == true ? " " : "; " }
            text += words
        }
        return text
    }
}
