@_spi(Driver) internal import PoolSQL

/// Reads values from a row of the binary protocol: https://mariadb.com/kb/en/resultset-row/
///
/// Nothing is read beyond the end of the row, whatever lengths the server sends. Newer versions of libmariadb check
/// that a row is complete, but look only at the lower half of a length.
@safe
struct BinaryDecoding {
    /// The first byte that was not taken.
    private(set) var position: UnsafeMutablePointer<UInt8>
    private let end: UnsafeMutablePointer<UInt8>
    /// True once a value was longer than the row, or invalid for its type. Values read after that mean nothing.
    private(set) var isMalformed = false

    /// - Parameter end: The first byte that must not be read.
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
        // Leaves nothing to read.
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
        // NULL and an error, neither of which occurs in a row of this protocol.
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

    /// Reads a part of the row that begins with its own length.
    private mutating func takePart() -> (part: BinaryDecoding, count: Int) {
        let count = unsafe takeBytes().count
        return unsafe (BinaryDecoding(at: position.advanced(by: -count), end: position), count)
    }

    /// Appends a value to `rows`. The most frequent kinds are read in place.
    @inline(__always)
    mutating func read(_ kind: ColumnKind, _ zone: SessionZone, into rows: inout SQLRowsBuilder) {
        switch kind {
        case .text: unsafe rows.append(uncheckedText: takeBytes())
        case .json: unsafe rows.append(uncheckedJSON: takeBytes())
        case .bytes: unsafe rows.append(bytes: takeBytes())
        default: rows.append(value(kind, zone), in: zone)
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
        // Trailing zero parts are not sent.
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

    /// Text that is not valid UTF-8 becomes bytes, so that nothing is lost or invented.
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

    /// The most significant byte comes first. More than the 64 bits of a `BIT` becomes bytes, so that nothing is
    /// lost.
    static func bits(_ bytes: UnsafeRawBufferPointer) -> SQLValue {
        if bytes.count > 8 { return unsafe .bytes(Array(bytes)) }
        var value: UInt64 = 0
        for index in 0..<bytes.count { value = unsafe value << 8 | UInt64(bytes[index]) }
        return value.sqlValue
    }
}
