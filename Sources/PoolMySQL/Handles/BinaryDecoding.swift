@_spi(Driver) internal import PoolCore

/// Takes values from a row of the binary protocol: https://mariadb.com/kb/en/resultset-row/
@safe
struct BinaryDecoding {
    /// The first byte that was not taken. libmariadb has checked that the row is complete, as far as it does.
    private(set) var position: UnsafeMutablePointer<UInt8>

    init(at position: UnsafeMutablePointer<UInt8>) {
        unsafe self.position = unsafe position
    }

    @inline(__always)
    mutating func take<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer {
        let value = unsafe UnsafeRawPointer(position).loadUnaligned(as: Integer.self)
        unsafe position += MemoryLayout<Integer>.size
        return Integer(littleEndian: value)
    }

    @inline(__always)
    private mutating func takeCount() -> Int {
        // Most texts are short.
        let first = take(UInt8.self)
        return first < 252 ? Int(first) : takeLongCount(first)
    }

    @inline(never)
    private mutating func takeLongCount(_ first: UInt8) -> Int {
        switch first {
        case 252: Int(take(UInt16.self))
        case 253: Int(take(UInt16.self)) | Int(take(UInt8.self)) << 16
        case 254: Int(truncatingIfNeeded: take(UInt64.self))
        case let count: Int(count)
        }
    }

    @inline(__always)
    private mutating func takeBytes() -> UnsafeRawBufferPointer {
        let count = takeCount()
        defer { unsafe position += count }
        return unsafe UnsafeRawBufferPointer(start: position, count: count)
    }

    /// Appends a value to `rows`. The kinds that most columns have are taken from where they lie.
    @inline(__always)
    mutating func read(_ kind: ColumnKind, _ zone: SessionZone, into rows: inout RowsBuilder) {
        switch kind {
        case .text: unsafe rows.append(uncheckedText: takeBytes())
        case .json: unsafe rows.append(uncheckedJSON: takeBytes())
        case .bytes: unsafe rows.append(bytes: takeBytes())
        default: rows.append(value(kind, zone))
        }
    }

    private mutating func value(_ kind: ColumnKind, _ zone: SessionZone) -> SQLValue {
        switch kind {
        case .null: return .null
        case .int8: return .int(Int64(take(Int8.self)))
        case .int16: return .int(Int64(take(Int16.self)))
        case .int32: return .int(Int64(take(Int32.self)))
        case .int64: return .int(take())
        case .uint8: return .int(Int64(take(UInt8.self)))
        case .uint16, .year: return .int(Int64(take(UInt16.self)))
        case .uint32: return .int(Int64(take(UInt32.self)))
        case .uint64: return take(UInt64.self).sqlValue
        case .float: return .double(Double(Float(bitPattern: take())))
        case .double: return .double(Double(bitPattern: take()))
        case .text: return unsafe Self.text(takeBytes())
        case .json: return unsafe Self.json(takeBytes())
        case .bytes: return unsafe .bytes(Array(takeBytes()))
        case .bit: return unsafe Self.bits(takeBytes())
        case .decimal:
            let text = unsafe String(decoding: takeBytes(), as: UTF8.self)
            return SQLDecimal(text).map { .decimal($0) } ?? .text(text)
        case .uuid:
            let text = unsafe String(decoding: takeBytes(), as: UTF8.self)
            return SQLUUID(text).map { .uuid($0) } ?? .text(text)
        case .date, .datetime, .timestamp: return timestamp(kind, zone)
        case .time: return time()
        }
    }

    private mutating func timestamp(_ kind: ColumnKind, _ zone: SessionZone) -> SQLValue {
        let count = takeCount()
        let end = unsafe position + count
        defer { unsafe position = unsafe end }
        // What is zero at the end is not sent.
        var (year, month, day) = (0, 0, 0)
        var clock = Temporal.Clock()
        if count >= 4 { (year, month, day) = (Int(take(UInt16.self)), Int(take(UInt8.self)), Int(take(UInt8.self))) }
        if count >= 7 { takeClock(&clock) }
        if count >= 11 { clock.fraction = Int(take(UInt32.self)) }
        if kind == .date { return Temporal.date(year, month, day) }
        return Temporal.timestamp(year, month, day, clock, isMoment: kind == .timestamp && zone == .utc)
    }

    private mutating func time() -> SQLValue {
        let count = takeCount()
        let end = unsafe position + count
        defer { unsafe position = unsafe end }
        var clock = Temporal.Clock()
        guard count >= 8 else { return Temporal.time(clock, isNegative: false) }
        let isNegative = take(UInt8.self) != 0
        let days = Int(take(UInt32.self))
        takeClock(&clock)
        clock.hours += days * 24
        if count >= 12 { clock.fraction = Int(take(UInt32.self)) }
        return Temporal.time(clock, isNegative: isNegative)
    }

    private mutating func takeClock(_ clock: inout Temporal.Clock) {
        clock.hours = Int(take(UInt8.self))
        clock.minutes = Int(take(UInt8.self))
        clock.seconds = Int(take(UInt8.self))
    }

    // MARK: The same in both protocols

    /// Bytes that are not UTF-8 come as bytes, so that nothing is lost or made up.
    static func text(_ bytes: UnsafeRawBufferPointer) -> SQLValue {
        // Most text is ASCII, which needs no other check.
        var high: UInt8 = 0
        for index in 0..<bytes.count { high |= unsafe bytes[index] }
        if high < 0x80 { return unsafe .text(String(decoding: bytes, as: UTF8.self)) }
        if let text = unsafe String(validating: bytes, as: UTF8.self) { return .text(text) }
        return unsafe .bytes(Array(bytes))
    }

    static func json(_ bytes: UnsafeRawBufferPointer) -> SQLValue {
        switch unsafe text(bytes) {
        case .text(let text): .json(text)
        case let other: other
        }
    }

    /// The most significant byte comes first.
    static func bits(_ bytes: UnsafeRawBufferPointer) -> SQLValue {
        var value: UInt64 = 0
        for index in 0..<bytes.count { value = unsafe value << 8 | UInt64(bytes[index]) }
        return value.sqlValue
    }
}
