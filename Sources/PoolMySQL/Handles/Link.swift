internal import CMariaDB
internal import PoolSQL

/// The owner of a `MYSQL`. Used by one call at a time, each of which may block: only on the driver's own threads.
@safe
final class Link {
    /// Freed by `mysql_close` in the deinitializer.
    let pointer: UnsafeMutablePointer<MYSQL>

    init() throws {
        try ClientLibrary.requireReady()
        guard let pointer = unsafe mysql_init(nil) else { throw MySQLError.outOfMemory }
        unsafe self.pointer = unsafe pointer
    }

    /// Says goodbye, and waits up to a second until the server has ended the session: the next connection must not
    /// find the server still busy with this one. Does not block if the socket was shut down.
    deinit {
        // Negative once libmariadb has given the connection up.
        let descriptor = socket
        let end = descriptor < 0 ? nil : Socket(duplicating: descriptor)
        unsafe mysql_close(pointer)
        end?.waitForEnd(milliseconds: 1_000)
    }

    // MARK: What the server last said

    struct Status: OptionSet, Sendable {
        let rawValue: UInt32

        static let inTransaction = Self(rawValue: 0x0001)
        static let autocommit = Self(rawValue: 0x0002)
        static let moreResults = Self(rawValue: 0x0008)
        static let outParameters = Self(rawValue: 0x1000)
        static let inReadOnlyTransaction = Self(rawValue: 0x2000)
        static let sessionChanged = Self(rawValue: 0x4000)
    }

    /// True if unread input remains or is announced, which would be taken for the answer to the next request.
    var isOutOfSequence: Bool {
        unsafe status.contains(.moreResults) || cmariadb_unread_count(pointer) > 0
    }

    /// Must be called before anything is sent.
    func requireInSequence() throws {
        if isOutOfSequence {
            throw MySQLError(
                .commandsOutOfSync, sqlState: "08P01",
                "The server has sent more than it was asked for, or has announced more")
        }
    }

    var status: Status {
        get { Status(rawValue: unsafe pointer.pointee.server_status) }
        set { unsafe pointer.pointee.server_status = newValue.rawValue }
    }

    /// The rows that the latest statement changed; 0 for statements that change none.
    var affectedRows: Int {
        let count = unsafe mysql_affected_rows(pointer)
        return count == .max ? 0 : Int(clamping: count)
    }

    var lastInsertedID: UInt64 { unsafe mysql_insert_id(pointer) }
    var warningCount: Int { unsafe Int(mysql_warning_count(pointer)) }
    var connectionID: UInt { unsafe mysql_thread_id(pointer) }
    var socket: Int32 { unsafe mysql_get_socket(pointer) }
    var serverVersion: String { unsafe mysql_get_server_info(pointer).map { unsafe String(cString: $0) } ?? "" }

    /// The session's database, as the server last reported it.
    var database: String? {
        guard let name = unsafe pointer.pointee.db, unsafe name.pointee != 0 else { return nil }
        return unsafe String(cString: name)
    }

    /// The TLS cipher, if the connection is encrypted.
    var cipher: String? { unsafe mysql_get_ssl_cipher(pointer).map { unsafe String(cString: $0) } }

    /// True if the server takes the values of many rows in one request (MariaDB's `COM_STMT_BULK_EXECUTE`).
    var hasBulkExecution: Bool {
        var capabilities: UInt = 0
        let result = unsafe mariadb_get_info(pointer, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &capabilities)
        // MARIADB_CLIENT_STMT_BULK_OPERATIONS, of which the library returns the upper half.
        return result == 0 && capabilities & 4 != 0
    }

    /// The names and values of the system variables that the latest answer reports as changed.
    var changedVariables: [(name: String, value: String)] {
        var words: [String] = []
        var start: UnsafePointer<CChar>?
        var count = 0
        var result = unsafe mysql_session_track_get_first(pointer, SESSION_TRACK_SYSTEM_VARIABLES, &start, &count)
        while result == 0, let bytes = unsafe start {
            words.append(unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self))
            result = unsafe mysql_session_track_get_next(pointer, SESSION_TRACK_SYSTEM_VARIABLES, &start, &count)
        }
        return stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
    }

    /// True if the latest answer reports that the session has changed its database.
    var hasChangedDatabase: Bool {
        var start: UnsafePointer<CChar>?
        var count = 0
        return unsafe mysql_session_track_get_first(pointer, SESSION_TRACK_SCHEMA, &start, &count) == 0
    }

    /// The error of the call that has just failed.
    func error() -> MySQLError {
        unsafe MySQLError(
            MySQLError.Code(rawValue: mysql_errno(pointer)), sqlState: String(cString: mysql_sqlstate(pointer)),
            String(cString: mysql_error(pointer)))
    }

    private func check(_ result: Int32) throws {
        if result != 0 { throw error() }
    }

    // MARK: Statements as text

    /// Sends a text, and waits until its first result has begun.
    func query(_ text: String) throws {
        try requireInSequence()
        var text = text
        try text.withUTF8 { bytes in
            let result = unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                unsafe mysql_real_query(pointer, bytes.baseAddress, UInt(bytes.count))
            }
            try check(result)
        }
    }

    /// How many columns the result has that ``query(_:)`` or ``nextResult()`` has begun; 0 if it has no rows.
    var columnCount: Int { unsafe Int(mysql_field_count(pointer)) }

    /// The rows of the result that has begun, which come as they are asked for.
    func rows() throws -> TextRows {
        guard let result = unsafe mysql_use_result(pointer) else { throw error() }
        return unsafe TextRows(owning: result, of: self)
    }

    /// Goes on to the next result, after all rows of the previous one were taken. False at the end.
    func nextResult() throws -> Bool {
        if !status.contains(.moreResults) { return false }
        let result = unsafe mysql_next_result(pointer)
        if result > 0 { throw error() }
        return result == 0
    }

    func setAllowsSeveralStatements(_ isOn: Bool) throws {
        try check(
            unsafe mysql_set_server_option(
                pointer, isOn ? MYSQL_OPTION_MULTI_STATEMENTS_ON : MYSQL_OPTION_MULTI_STATEMENTS_OFF))
    }

    // MARK: Sessions

    func ping() throws {
        try requireInSequence()
        try check(unsafe mysql_ping(pointer))
    }

    /// Gives the session the state of a new one, except for its database. All prepared statements are gone then.
    func resetSession() throws {
        // Without input in sequence, libmariadb would read on until there is a result, even on a lost connection.
        try requireInSequence()
        try check(unsafe mysql_reset_connection(pointer))
    }

    func select(database: String) throws {
        try requireInSequence()
        try check(unsafe mysql_select_db(pointer, database))
    }

    /// Makes the session a new one of another user. All prepared statements are gone then.
    func changeUser(_ user: String, password: String, database: String?) throws {
        try requireInSequence()
        try check(Int32(unsafe mysql_change_user(pointer, user, password, database)))
    }

    func setCharacterSet() throws { try check(unsafe mysql_set_character_set(pointer, "utf8mb4")) }
}
