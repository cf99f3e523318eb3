internal import PoolSQL

extension ColumnReader {
    /// Decodes a value in the server's binary form. Nil if it does not have the form of its type.
    func decodeBinary(_ bytes: UnsafeRawBufferPointer) -> SQLValue? {
        var reader = unsafe BinaryReader(bytes)
        let value = isArray ? Self.array(kind, &reader) : Self.value(kind, &reader)
        return reader.isTooShort || reader.remaining > 0 ? nil : value
    }

    /// Decodes a value that takes all remaining bytes.
    private static func value(_ kind: ValueKind, _ reader: inout BinaryReader) -> SQLValue? {
        switch kind {
        case .bool: .bool(reader.read(UInt8.self) != 0)
        case .int2: .int(Int64(reader.read(Int16.self)))
        case .int4: .int(Int64(reader.read(Int32.self)))
        case .int8: .int(reader.read())
        case .oid: .int(Int64(reader.read(UInt32.self)))
        case .float4: .double(Double(Float(bitPattern: reader.read())))
        case .float8: .double(Double(bitPattern: reader.read()))
        case .numeric: NumericFormat.decode(&reader)
        case .text: unsafe .text(String(decoding: reader.takeRest(), as: UTF8.self))
        case .char: .text(CharText.of(reader.read()))
        case .bytes: unsafe .bytes([UInt8](reader.takeRest()))
        case .json: unsafe .json(String(decoding: reader.takeRest(), as: UTF8.self))
        case .jsonb: jsonb(&reader)
        case .uuid: unsafe SQLUUID(bytes: reader.takeRest()).map { .uuid($0) }
        case .date: Moment.date(days: reader.read())
        case .time: SQLTime(microsecondsSinceMidnight: reader.read()).map { .time($0) }
        case .timestamp: Moment.timestamp(microseconds: reader.read())
        case .zonedTimestamp: Moment.zonedTimestamp(microseconds: reader.read())
        case .void: .null
        }
    }

    /// The format's version, 1, and the text.
    private static func jsonb(_ reader: inout BinaryReader) -> SQLValue? {
        guard reader.read(UInt8.self) == 1 else { return nil }
        return unsafe .json(String(decoding: reader.takeRest(), as: UTF8.self))
    }

    /// The number of dimensions, whether there are NULLs, and the elements' type; for each dimension its size and
    /// first index; and the elements, each after its length.
    private static func array(_ kind: ValueKind, _ reader: inout BinaryReader) -> SQLValue? {
        let dimensions = Int(reader.read(Int32.self))
        _ = reader.read(Int32.self)
        _ = reader.read(UInt32.self)
        // The server allows 6 dimensions.
        guard (0...6).contains(dimensions) else { return nil }
        var sizes: [Int] = []
        var count = 1
        for _ in 0..<dimensions {
            let size = Int(reader.read(Int32.self))
            _ = reader.read(Int32.self)
            // An element takes 4 bytes at least: no damaged size takes much memory, or overflows.
            guard size >= 0, size == 0 || count == 0 || size <= reader.remaining / 4 / count else { return nil }
            count *= size  // bounded, because each element takes 4 bytes.
            sizes.append(size)
        }
        return sizes.isEmpty || count == 0 ? .array([]) : elements(kind, sizes[...], &reader)
    }

    private static func elements(
        _ kind: ValueKind, _ sizes: ArraySlice<Int>, _ reader: inout BinaryReader
    ) -> SQLValue? {
        guard let size = sizes.first else {
            let count = Int(reader.read(Int32.self))
            if count == -1 { return .null }
            if !(0...reader.remaining).contains(count) { return nil }
            var element = unsafe BinaryReader(reader.take(count))
            let value = value(kind, &element)
            return element.isTooShort || element.remaining > 0 ? nil : value
        }
        var values: [SQLValue] = []
        values.reserveCapacity(size)  // bounded, because each element takes 4 bytes.
        for _ in 0..<size {
            guard let value = elements(kind, sizes.dropFirst(), &reader) else { return nil }
            values.append(value)
        }
        return .array(values)
    }
}

/// The server's dates and times, which it counts from 2000-01-01.
enum Moment {
    static let daysFrom1970: Int64 = 10_957
    static let microsecondsFrom1970: Int64 = 946_684_800_000_000
    private static let microsecondsInDay: Int64 = 86_400_000_000

    /// The infinities, which no date can hold, become the texts `infinity` and `-infinity`.
    static func date(days: Int32) -> SQLValue? {
        if days == .max { return .text("infinity") }
        if days == .min { return .text("-infinity") }
        // Fits, because days have 32 bits.
        return SQLDate(daysSince1970: Int(Int64(days) + daysFrom1970)).map { .date($0) }
    }

    /// Decodes a timestamp; the infinities become texts, as for dates.
    static func timestamp(microseconds: Int64) -> SQLValue? {
        if let infinity = infinity(microseconds) { return infinity }
        return wallClock(microseconds).map { .timestamp($0) }
    }

    /// Decodes a moment; the infinities become texts, as for dates. A moment in the server's last 29 years, from
    /// 294,247 on, becomes the text that the server prints and reads.
    static func zonedTimestamp(microseconds: Int64) -> SQLValue? {
        if let infinity = infinity(microseconds) { return infinity }
        let (sum, overflow) = microseconds.addingReportingOverflow(microsecondsFrom1970)
        if !overflow { return .zonedTimestamp(SQLZonedTimestamp(microsecondsSince1970: sum)) }
        return wallClock(microseconds).map { .text(ValueText.timestamp($0, zone: "+00")) }
    }

    private static func infinity(_ microseconds: Int64) -> SQLValue? {
        switch microseconds {
        case .max: .text("infinity")
        case .min: .text("-infinity")
        default: nil
        }
    }

    private static func wallClock(_ microseconds: Int64) -> SQLTimestamp? {
        var (days, time) = microseconds.quotientAndRemainder(dividingBy: microsecondsInDay)
        if time < 0 {
            days -= 1
            time += microsecondsInDay  // fits, because the remainder is negative.
        }
        guard let date = SQLDate(daysSince1970: Int(days + daysFrom1970)),  // fits, because days are far fewer.
            let time = SQLTime(microsecondsSinceMidnight: time)
        else { return nil }
        return SQLTimestamp(date: date, time: time)
    }

    // MARK: To the server

    /// The days of a date; nil if the binary form cannot hold them.
    static func days(_ date: SQLDate) -> Int32? {
        Int32(exactly: Int64(date.daysSince1970) - daysFrom1970)  // fits, because years are bounded.
    }

    /// The microseconds of a timestamp; nil if the binary form cannot hold them.
    static func microseconds(_ timestamp: SQLTimestamp) -> Int64? {
        let days = Int64(timestamp.date.daysSince1970) - daysFrom1970  // fits, because years are bounded.
        let (product, overflow) = days.multipliedReportingOverflow(by: microsecondsInDay)
        let (sum, overflow2) = product.addingReportingOverflow(timestamp.time.microsecondsSinceMidnight)
        return overflow || overflow2 ? nil : sum
    }

    /// The microseconds of a moment; nil if the binary form cannot hold them.
    static func microseconds(_ timestamp: SQLZonedTimestamp) -> Int64? {
        let (difference, overflow) = timestamp.microsecondsSince1970.subtractingReportingOverflow(microsecondsFrom1970)
        return overflow ? nil : difference
    }
}
