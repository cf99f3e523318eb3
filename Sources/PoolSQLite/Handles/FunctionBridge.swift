internal import CSQLite
internal import PoolCore

extension Database {
    /// Makes `function` callable from SQL on this handle.
    func register(_ function: SQLiteFunction) throws {
        let box = FunctionBox(body: function.body)
        let flags = SQLITE_UTF8 | (function.isDeterministic ? SQLITE_DETERMINISTIC : 0)
        // SQLite holds this reference and gives it to the destructor: when the handle closes, when another function
        // replaces this one, and also when the call fails.
        let context = unsafe Unmanaged.passRetained(box).toOpaque()
        let result = unsafe sqlite3_create_function_v2(
            pointer, function.name, Int32(function.argumentCount ?? -1), flags, context,
            { unsafe FunctionBox.call($0, $1, $2) }, nil, nil,
            { context in
                if let context = unsafe context { unsafe Unmanaged<FunctionBox>.fromOpaque(context).release() }
            })
        if result != SQLITE_OK { throw unsafe Self.error(result, of: pointer) }
    }
}

/// What SQLite keeps of a function.
private final class FunctionBox {
    let body: ([SQLValue]) throws -> SQLValue

    init(body: @escaping ([SQLValue]) throws -> SQLValue) { self.body = body }

    static func call(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        guard let user = unsafe sqlite3_user_data(context) else { return }
        let box = unsafe Unmanaged<FunctionBox>.fromOpaque(user).takeUnretainedValue()
        do {
            let values = (0..<Int(count)).map { unsafe value(of: arguments?[$0]) }
            unsafe try setResult(box.body(values), in: context)
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

    private static func setResult(_ value: SQLValue, in context: OpaquePointer?) throws {
        switch value {
        case .null: unsafe sqlite3_result_null(context)
        case .bool(let flag): unsafe sqlite3_result_int64(context, flag ? 1 : 0)
        case .int(let number): unsafe sqlite3_result_int64(context, number)
        case .double(let number):
            if number.isNaN { throw SQLiteError(.mismatch, "The function returned NaN, which SQLite cannot hold") }
            unsafe sqlite3_result_double(context, number)
        case .bytes(let bytes):
            unsafe bytes.withUnsafeBytes { unsafe csqlite_result_blob(context, $0.baseAddress, UInt64($0.count)) }
        case .array:
            throw SQLiteError(.mismatch, "The function returned an array, which SQLite cannot hold")
        case .text, .decimal, .date, .time, .timestamp, .zonedTimestamp, .uuid, .json:
            var text = value.textForSQLite ?? ""
            text.withUTF8 { unsafe csqlite_result_text(context, $0.baseAddress, UInt64($0.count)) }
        }
    }
}
