internal import CMariaDB
internal import PoolSQL

/// The encoded bind values of one run of a statement, with the array that libmariadb takes. Reused for each run.
@safe
final class BindBuffer {
    private(set) var binds: UnsafeMutablePointer<MYSQL_BIND>
    private var capacity = 8
    private var bytes: UnsafeMutableRawPointer
    private var byteCapacity = 512
    private(set) var byteCount = 0
    private(set) var valueCount = 0

    init() {
        unsafe binds = .allocate(capacity: capacity)
        unsafe bytes = .allocate(byteCount: byteCapacity, alignment: 8)
    }

    deinit {
        unsafe binds.deallocate()
        unsafe bytes.deallocate()
    }

    /// - Throws: ``MySQLError`` for values that the server has no type for.
    func fill(_ values: [SQLValue], _ zone: SessionZone) throws {
        begin(values.count)
        for index in values.indices {
            try append(values[index], at: index, zone)
        }
    }

    private func begin(_ count: Int) {
        byteCount = 0
        valueCount = 0
        // A large value should not keep its memory for the lifetime of the connection.
        if byteCapacity > 1 << 20 { reallocate(512) }
        if count > capacity {
            unsafe binds.deallocate()
            capacity = count
            unsafe binds = .allocate(capacity: capacity)
        }
        for index in 0..<count { unsafe (binds + index).initialize(to: MYSQL_BIND()) }
    }

    private func append(_ value: SQLValue, at index: Int, _ zone: SessionZone) throws {
        // Numbers and structures must be aligned to 8 bytes.
        byteCount = (byteCount + 7) & ~7
        let start = byteCount
        let type: enum_field_types
        switch value {
        case .int(let number):
            store(number)
            type = MYSQL_TYPE_LONGLONG
        case .text(let text), .json(let text):
            store(text)
            type = MYSQL_TYPE_VAR_STRING
        case .null: type = MYSQL_TYPE_NULL
        case .bool(let flag):
            store(flag ? 1 as Int8 : 0)
            type = MYSQL_TYPE_TINY
        case .double(let number):
            if !number.isFinite { throw Self.unbindable("\(number)", index, "the server has no such number: bind nil") }
            store(number)
            type = MYSQL_TYPE_DOUBLE
        case .bytes(let bytes):
            unsafe bytes.withUnsafeBytes { unsafe store($0) }
            type = MYSQL_TYPE_BLOB
        case .decimal(let number):
            if !number.isFinite { throw Self.unbindable("\(number)", index, "the server has no such number: bind nil") }
            store(number.description)
            type = MYSQL_TYPE_NEWDECIMAL
        case .uuid(let uuid):
            store(uuid.description)
            type = MYSQL_TYPE_VAR_STRING
        case .date, .time, .timestamp, .zonedTimestamp: type = try appendTemporal(value, index, zone)
        case .array:
            throw Self.unbindable(
                "an array", index,
                "the server has no arrays: write IN \\(binds: values), or bind JSON and read it with JSON_TABLE")
        case .invalid(let error): throw error
        }
        unsafe binds[index].buffer_type = type
        unsafe binds[index].buffer = unsafe bytes + start
        unsafe binds[index].buffer_length = UInt(byteCount - start)
        valueCount = index + 1
    }

    private func appendTemporal(_ value: SQLValue, _ index: Int, _ zone: SessionZone) throws -> enum_field_types {
        var time = MYSQL_TIME()
        let type: enum_field_types
        switch value {
        case .date(let date):
            try time.set(date, index)
            time.time_type = MYSQL_TIMESTAMP_DATE
            type = MYSQL_TYPE_DATE
        case .time(let clock):
            time.set(clock)
            time.time_type = MYSQL_TIMESTAMP_TIME
            type = MYSQL_TYPE_TIME
        case .timestamp(let timestamp):
            try time.set(timestamp, index)
            type = MYSQL_TYPE_DATETIME
        case .zonedTimestamp(let moment):
            if zone != .utc {
                throw Self.unbindable(
                    "a moment", index, "the session is in another time zone than UTC: bind an SQLTimestamp of that zone"
                )
            }
            try time.set(SQLTimestamp(inUTC: moment), index)
            type = MYSQL_TYPE_DATETIME
        default: type = MYSQL_TYPE_NULL
        }
        store(time)
        return type
    }

    static func unbindable(_ what: String, _ index: Int, _ remedy: String) -> MySQLError {
        .local(.unsupportedParameter, "Bind value \(index + 1) is \(what)", remedy: "Here " + remedy)
    }

    // MARK: Bytes

    private func store<Value: BitwiseCopyable>(_ value: Value) {
        unsafe withUnsafeBytes(of: value) { unsafe store($0) }
    }

    private func store(_ text: String) {
        var text = text
        text.withUTF8 { unsafe store(UnsafeRawBufferPointer($0)) }
    }

    private func store(_ source: UnsafeRawBufferPointer) {
        // Leaves room for the gap before the next value.
        let needed = byteCount + source.count + 8
        if needed > byteCapacity { reallocate(max(needed, byteCapacity * 2)) }
        if let start = source.baseAddress {
            unsafe (bytes + byteCount).copyMemory(from: start, byteCount: source.count)
        }
        byteCount += source.count
    }

    private func reallocate(_ newCapacity: Int) {
        let old = unsafe bytes
        unsafe bytes = .allocate(byteCount: newCapacity, alignment: 8)
        unsafe bytes.copyMemory(from: old, byteCount: byteCount)
        for index in 0..<valueCount {
            unsafe binds[index].buffer = unsafe binds[index].buffer.map { place in unsafe bytes + (place - old) }
        }
        unsafe old.deallocate()
        byteCapacity = newCapacity
    }
}

extension MYSQL_TIME {
    fileprivate mutating func set(_ date: SQLDate, _ index: Int) throws {
        guard 0...9999 ~= date.year else {
            throw BindBuffer.unbindable("a date of the year \(date.year)", index, "years go from 0 to 9999")
        }
        year = UInt32(date.year)
        month = UInt32(date.month)
        day = UInt32(date.day)
    }

    fileprivate mutating func set(_ time: SQLTime) {
        hour = UInt32(time.hour)
        minute = UInt32(time.minute)
        second = UInt32(time.second)
        second_part = UInt(time.microsecond)
    }

    fileprivate mutating func set(_ timestamp: SQLTimestamp, _ index: Int) throws {
        try set(timestamp.date, index)
        set(timestamp.time)
        time_type = MYSQL_TIMESTAMP_DATETIME
    }
}
