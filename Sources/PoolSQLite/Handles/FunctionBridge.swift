internal import CSQLite
internal import PoolSQL

extension Database {
    /// Makes `function` callable from SQL on this handle.
    func register(_ function: SQLiteFunction, _ timestamps: SQLiteConfiguration.TimestampText) throws {
        let box = FunctionBox(function.body, timestamps)
        let flags = SQLITE_UTF8 | (function.isDeterministic ? SQLITE_DETERMINISTIC : 0)
        // SQLite holds this reference and passes it to the destructor: when the handle closes, when another function
        // replaces this one, and when the call fails.
        let context = unsafe Unmanaged.passRetained(box).toOpaque()
        let result = unsafe sqlite3_create_function_v2(
            pointer, function.name, Int32(function.argumentCount ?? -1), flags, context,
            { unsafe FunctionBox.call($0, $1, $2) }, nil, nil,
            { context in
                if let context = unsafe context { unsafe Unmanaged<FunctionBox>.fromOpaque(context).release() }
            })
        if result != SQLITE_OK { throw unsafe Self.error(result, of: pointer) }
        watch.know(function)
    }
}

/// The object that SQLite holds for a function.
private final class FunctionBox {
    private let body: ([SQLValue]) throws -> SQLValue
    private let timestamps: SQLiteConfiguration.TimestampText

    init(_ body: @escaping ([SQLValue]) throws -> SQLValue, _ timestamps: SQLiteConfiguration.TimestampText) {
        self.body = body
        self.timestamps = timestamps
    }

    static func call(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        guard let user = unsafe sqlite3_user_data(context) else { return }
        let box = unsafe Unmanaged<FunctionBox>.fromOpaque(user).takeUnretainedValue()
        do {
            let values = (0..<Int(count)).map { unsafe value(of: arguments?[$0]) }
            unsafe try box.setResult(box.body(values), in: context)
        } catch {
            let message = String(describing: error)
            unsafe sqlite3_result_error(context, message, Int32(clamping: message.utf8.count))
        }
    }

    private static func value(of argument: OpaquePointer?) -> SQLValue {
        switch unsafe sqlite3_value_type(argument) {
        case SQLITE_INTEGER:
            return unsafe .int(sqlite3_value_int64(argument))
        case SQLITE_FLOAT:
            return unsafe .double(sqlite3_value_double(argument))
        case SQLITE_TEXT:
            let start = unsafe sqlite3_value_text(argument)
            return unsafe .fromText(start, count: sqlite3_value_bytes(argument))
        case SQLITE_BLOB:
            let start = unsafe sqlite3_value_blob(argument)
            return unsafe .fromBlob(start, count: sqlite3_value_bytes(argument))
        default:
            return .null
        }
    }

    private func setResult(_ value: SQLValue, in context: OpaquePointer?) throws {
        switch StoredValue(value, timestamps) {
        case .null: unsafe sqlite3_result_null(context)
        case .int(let number): unsafe sqlite3_result_int64(context, number)
        case .double(let number): unsafe sqlite3_result_double(context, number)
        case .bytes(let bytes):
            unsafe bytes.withUnsafeBytes { unsafe csqlite_result_blob(context, $0.baseAddress, UInt64($0.count)) }
        case .text(var text):
            text.withUTF8 { unsafe csqlite_result_text(context, $0.baseAddress, UInt64($0.count)) }
        case nil:
            if case .invalid(let error) = value { throw error }
            let what = if case .array = value { "an array" } else { "NaN" }
            throw SQLiteError(.mismatch, "The function returned \(what), which SQLite cannot hold")
        }
    }
}
