@_spi(Driver) internal import PoolCore

/// Takes values from a row of the binary protocol: https://mariadb.com/kb/en/resultset-row/
///
/// Nothing is read behind the end of the row, whatever the server says of lengths. Newer versions of libmariadb check
/// by themselves that a row is complete, but look at the lower half of a length only.
@safe
struct BinaryDecoding {
    /// The first byte that was not taken.
    private(set) var position: UnsafeMutablePointer<UInt8>
    private let end: UnsafeMutablePointer<UInt8>
    /// True once more was taken than there is, or what is no value of its type. What was taken then means nothing.
    private(set) var isMalformed = false

    /// - Parameter end: Nothing is read from there on.
    init(at position: UnsafeMutablePointer<UInt8>, end: UnsafeMutablePointer<UInt8>) {
        unsafe self.position = unsafe position
        unsafe self.end = unsafe end
    }

    @inline(__always)
    mutating func take<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard unsafe position.distance(to: end) >= size else { return fail() }
        let value = unsafe UnsafeRawPointer(position).loadUnaligned(as: Integer.self)
        unsafe position = unsafe position.advanced(by: size)
        return Integer(littleEndian: value)
    }

    @inline(never)
    private mutating func fail<Integer: FixedWidthInteger>() -> Integer {
        isMalformed = true
        // Nor is there anything else.
        unsafe position = unsafe end
        return 0
    }

    @inline(__always)
    private mutating func takeCount() -> UInt64 {
        // Most texts are short.
        let first = take(UInt8.self)
        return first < 251 ? UInt64(first) : takeLongCount(first)
    }

    @inline(never)
    private mutating func takeLongCount(_ first: UInt8) -> UInt64 {
        switch first {
        case 252: UInt64(take(UInt16.self))
        case 253: UInt64(take(UInt16.self)) | UInt64(take(UInt8.self)) << 16
        case 254: take(UInt64.self)
        // NULL and an error, neither of which is in a row of this protocol.
        default: fail()
        }
    }

    @inline(__always)
    private mutating func takeBytes() -> UnsafeRawBufferPointer {
        var count = takeCount()
        if unsafe count > UInt64(position.distance(to: end)) { count = fail() }
        let start = unsafe position
        unsafe position = unsafe position.advanced(by: Int(truncatingIfNeeded: count))
        // Bounded, because it was compared.
        return unsafe UnsafeRawBufferPointer(start: start, count: Int(truncatingIfNeeded: count))
    }

    /// A part with a length of its own before it.
    private mutating func takePart() -> (part: BinaryDecoding, count: Int) {
        let count = unsafe takeBytes().count
        return unsafe (BinaryDecoding(at: position.advanced(by: -count), end: position), count)
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
        var (part, count) = takePart()
        // What is zero at the end is not sent.
        var (year, month, day) = (0, 0, 0)
        var clock = Temporal.Clock()
        switch count {
        case 0: break
        case 4, 7, 11:
            (year, month, day) = (Int(part.take(UInt16.self)), Int(part.take(UInt8.self)), Int(part.take(UInt8.self)))
            if count > 4 { part.takeClock(&clock) }
            if count > 7 { clock.fraction = Int(part.take(UInt32.self)) }
        default: isMalformed = true
        }
        if clock.hours > 23 || !clock.isInBounds { isMalformed = true }
        if kind == .date { return Temporal.date(year, month, day) }
        return Temporal.timestamp(year, month, day, clock, isMoment: kind == .timestamp && zone == .utc)
    }

    private mutating func time() -> SQLValue {
        var (part, count) = takePart()
        var clock = Temporal.Clock()
        var isNegative = false
        switch count {
        case 0: break
        case 8, 12:
            isNegative = part.take(UInt8.self) != 0
            let days = Int(part.take(UInt32.self))
            part.takeClock(&clock)
            clock.hours += days * 24  // cannot overflow, because neither has more than 32 bits.
            if count == 12 { clock.fraction = Int(part.take(UInt32.self)) }
        default: isMalformed = true
        }
        if !clock.isInBounds {
            isMalformed = true
            return .null
        }
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

    /// The most significant byte comes first. More than a `BIT` has come as bytes, so that nothing is lost.
    static func bits(_ bytes: UnsafeRawBufferPointer) -> SQLValue {
        if bytes.count > 8 { return unsafe .bytes(Array(bytes)) }
        var value: UInt64 = 0
        for index in 0..<bytes.count { value = unsafe value << 8 | UInt64(bytes[index]) }
        return value.sqlValue
    }
}
