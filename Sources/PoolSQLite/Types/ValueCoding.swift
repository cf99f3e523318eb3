internal import PoolSQL

extension SQLValue {
    /// Reads text that SQLite stored. Bytes that are not valid UTF-8 become bytes, so that nothing is lost or
    /// invented.
    static func fromText(_ start: UnsafePointer<UInt8>?, count: Int32) -> SQLValue {
        // SQLite's own, because it has made the text.
        let bytes = unsafe UnsafeBufferPointer(start: start, count: Int(count))
        // Most text is ASCII, which needs no other check.
        var high: UInt8 = 0
        for index in 0..<bytes.count { high |= unsafe bytes[index] }
        if high < 0x80 { return unsafe .text(String(decoding: bytes, as: UTF8.self)) }
        if let text = unsafe String(validating: bytes, as: UTF8.self) { return .text(text) }
        return unsafe .bytes(Array(bytes))
    }

    static func fromBlob(_ start: UnsafeRawPointer?, count: Int32) -> SQLValue {
        // SQLite's own, because it has the bytes.
        unsafe .bytes(Array(UnsafeRawBufferPointer(start: start, count: Int(count))))
    }
}

/// A value of one of the five kinds that SQLite knows.
enum StoredValue {
    case null
    case int(Int64)
    case double(Double)
    case text(String)
    case bytes([UInt8])

    /// Converts a value. Nil for values that SQLite cannot hold: NaN, arrays, and what is no value.
    init?(_ value: SQLValue, _ timestamps: SQLiteConfiguration.TimestampText) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .int(flag ? 1 : 0)
        case .int(let number): self = .int(number)
        case .double(let number):
            if number.isNaN { return nil }
            self = .double(number)
        case .bytes(let bytes): self = .bytes(bytes)
        case .decimal(let number): self.init(number)
        case .date(let date): self = .text(date.description)
        case .time(let time): self = .text(timestamps.text(of: time))
        case .timestamp(let timestamp): self = .text(timestamps.text(of: timestamp))
        case .zonedTimestamp(let moment): self = .text(timestamps.text(of: moment))
        case .uuid(let uuid): self = .text(uuid.description)
        case .json(let text), .text(let text): self = .text(text)
        case .array, .invalid: return nil
        }
    }

    /// A number if SQLite can hold it exactly, else a text: an expression has no affinity, and in a comparison with
    /// it a text is greater than every number (https://www.sqlite.org/datatype3.html, 4.2).
    private init(_ decimal: SQLDecimal) {
        if let whole = Int64(exactly: decimal) {
            self = .int(whole)
        } else if let double = Self.double(sameAs: decimal) {
            self = .double(double)
        } else {
            self = .text(decimal.description)
        }
    }

    /// The exact double. Nil beyond 15 digits, of which a TEXT column would lose some: that is how many SQLite writes
    /// of a double.
    private static func double(sameAs decimal: SQLDecimal) -> Double? {
        if decimal.isInfinite { return decimal.isNegative ? -.infinity : .infinity }
        // Most texts with so many digits equal no double; counting is faster than trying.
        if decimal.isNaN || decimal.significantDigits > 15 { return nil }
        let double = Double(decimal)
        return SQLDecimal(double) == decimal ? double : nil
    }
}

extension SQLDecimal {
    /// The number of digits from the first to the last that is not zero.
    fileprivate var significantDigits: Int {
        var (count, zeros) = (0, 0)
        for byte in description.utf8 where UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
            if byte == UInt8(ascii: "0") {
                if count > 0 { zeros += 1 }
            } else {
                count += zeros + 1  // fits, because it is of a text in memory.
                zeros = 0
            }
        }
        return count
    }
}
