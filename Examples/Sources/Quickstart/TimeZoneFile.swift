/// A moment at which the clocks of a zone change.
struct TimeZoneTransition: Sendable, Equatable {
    /// Seconds since 1970 began in UTC.
    let at: Int64
    /// Seconds east of UTC from then on.
    let offset: Int32
    let isDaylightSaving: Bool
    let abbreviation: String
}

/// The binary format of a compiled time zone, RFC 9636.
enum TimeZoneFile {
    static func transitions(in bytes: [UInt8], of file: String) throws -> [TimeZoneTransition] {
        var reader = ByteReader(bytes: bytes, file: file)
        let header = try Header(&reader)
        guard header.version >= UInt8(ascii: "2") else {
            return try body(header, &reader, timeSize: 4)
        }
        // From version 2 on, the first block repeats the second one in 32 bits, for readers of version 1.
        try reader.skip(header.bodySize(timeSize: 4))
        return try body(Header(&reader), &reader, timeSize: 8)
    }

    private struct Header {
        let version: UInt8
        let universalFlags, standardFlags, leapSeconds, transitions, types, characters: Int

        init(_ reader: inout ByteReader) throws {
            guard try reader.take(4).elementsEqual("TZif".utf8) else {
                throw reader.malformed("it does not begin with 'TZif'")
            }
            version = try reader.integer(UInt8.self)
            try reader.skip(15)
            universalFlags = Int(try reader.integer(UInt32.self))
            standardFlags = Int(try reader.integer(UInt32.self))
            leapSeconds = Int(try reader.integer(UInt32.self))
            transitions = Int(try reader.integer(UInt32.self))
            types = Int(try reader.integer(UInt32.self))
            characters = Int(try reader.integer(UInt32.self))
        }

        func bodySize(timeSize: Int) -> Int {
            transitions * (timeSize + 1) + types * 6 + characters + leapSeconds * (timeSize + 4) + standardFlags
                + universalFlags
        }
    }

    private static func body(
        _ header: Header, _ reader: inout ByteReader, timeSize: Int
    ) throws -> [TimeZoneTransition] {
        guard header.bodySize(timeSize: timeSize) <= reader.remaining else { throw reader.endsTooEarly }
        let times = try (0..<header.transitions).map { _ in
            timeSize == 8 ? try reader.integer(Int64.self) : Int64(try reader.integer(Int32.self))
        }
        let typeOfTransition = try reader.take(header.transitions).map(Int.init)
        let types = try (0..<header.types).map { _ in
            (
                offset: try reader.integer(Int32.self), isDaylightSaving: try reader.integer(UInt8.self) != 0,
                name: Int(try reader.integer(UInt8.self))
            )
        }
        let names = Array(try reader.take(header.characters))

        return try zip(times, typeOfTransition).map { time, index in
            guard types.indices.contains(index), names.indices.contains(types[index].name) else {
                throw reader.malformed("a transition refers to a type that is not there")
            }
            let type = types[index]
            let abbreviation = names[type.name...].prefix { $0 != 0 }
            return TimeZoneTransition(
                at: time, offset: type.offset, isDaylightSaving: type.isDaylightSaving,
                abbreviation: String(decoding: abbreviation, as: UTF8.self)
            )
        }
    }
}

/// Reads big-endian numbers, and throws where the bytes end too early.
private struct ByteReader {
    let bytes: [UInt8]
    let file: String
    var position = 0

    init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    var remaining: Int { bytes.count - position }

    mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count <= remaining else { throw endsTooEarly }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func skip(_ count: Int) throws {
        _ = try take(count)
    }

    mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        try take(Number.bitWidth / 8).reduce(0) { ($0 << 8) | Number(truncatingIfNeeded: $1) }
    }

    var endsTooEarly: TimeZoneDataError { malformed("it ends too early") }

    func malformed(_ reason: String) -> TimeZoneDataError {
        .malformed(file: file, reason: reason)
    }
}
