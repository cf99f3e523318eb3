internal import PoolSQL

/// Reads values as the text protocol writes them.
enum TextDecoding {
    static func value(_ bytes: UnsafeRawBufferPointer, _ kind: ColumnKind, _ zone: SessionZone) -> SQLValue {
        switch kind {
        case .bytes: return unsafe .bytes(Array(bytes))
        case .bit: return unsafe BinaryDecoding.bits(bytes)
        case .text: return unsafe BinaryDecoding.text(bytes)
        case .json: return unsafe BinaryDecoding.json(bytes)
        case .null: return .null
        default: break
        }
        // All other kinds are ASCII.
        let text = unsafe String(decoding: bytes, as: UTF8.self)
        return typed(text, kind, zone) ?? .text(text)
    }

    private static func typed(_ text: String, _ kind: ColumnKind, _ zone: SessionZone) -> SQLValue? {
        switch kind {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .year:
            Int64(text).map { .int($0) } ?? SQLDecimal(text).map { .decimal($0) }
        // Converted through the column's own type, so that the value equals the binary protocol's.
        case .float: Float(text).map { .double(Double($0)) }
        case .double: Double(text).map { .double($0) }
        case .decimal: SQLDecimal(text).map { .decimal($0) }
        case .uuid: SQLUUID(text).map { .uuid($0) }
        case .date, .time, .datetime, .timestamp: temporal(text, kind, zone)
        default: nil
        }
    }

    private static func temporal(_ text: String, _ kind: ColumnKind, _ zone: SessionZone) -> SQLValue? {
        var reader = DigitReader(text.utf8)
        if kind == .time {
            let isNegative = reader.take("-")
            return reader.clock().map { Temporal.time($0, isNegative: isNegative) }
        }
        guard let (year, month, day) = reader.date() else { return nil }
        if kind == .date { return Temporal.date(year, month, day) }
        guard reader.take(" "), let clock = reader.clock() else { return nil }
        return Temporal.timestamp(year, month, day, clock, isMoment: kind == .timestamp && zone == .utc)
    }
}
