/// The object identifiers of the server's own types, which are the same in every database:
/// https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
enum TypeID {
    static let unspecified: UInt32 = 0
    static let bool: UInt32 = 16
    static let bytes: UInt32 = 17
    static let char: UInt32 = 18
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let oid: UInt32 = 26
    static let json: UInt32 = 114
    static let xml: UInt32 = 142
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let unknown: UInt32 = 705
    /// Arrays of `box`, the only one of the server's own types whose delimiter is a semicolon.
    static let boxes: UInt32 = 1020
    static let paddedChar: UInt32 = 1042
    static let varchar: UInt32 = 1043
    static let date: UInt32 = 1082
    static let time: UInt32 = 1083
    static let timestamp: UInt32 = 1114
    static let zonedTimestamp: UInt32 = 1184
    static let numeric: UInt32 = 1700
    static let void: UInt32 = 2278
    static let uuid: UInt32 = 2950
    static let jsonb: UInt32 = 3802

    /// The first identifier that a database assigns itself:
    /// https://www.postgresql.org/docs/current/system-catalog-initial-data.html
    static let firstOwn: UInt32 = 16384

    /// The types of elements, by the types of their arrays.
    static let elements: [UInt32: UInt32] = [
        1000: bool, 1001: bytes, 1002: char, 1003: name, 1005: int2, 1007: int4, 1009: text, 1014: paddedChar,
        1015: varchar, 1016: int8, 1021: float4, 1022: float8, 1028: oid, 1115: timestamp, 1182: date, 1183: time,
        1185: zonedTimestamp, 1231: numeric, 143: xml, 199: json, 2951: uuid, 3807: jsonb,
    ]

    /// The types of arrays, by the types of their elements.
    static let arrays: [UInt32: UInt32] = Dictionary(uniqueKeysWithValues: elements.map { ($0.value, $0.key) })
}

/// The way in which the values of a column are read. Types that are not listed are read as text.
enum ValueKind: Sendable, Hashable {
    case bool, bytes, int2, int4, int8, oid, float4, float8, numeric, text, char
    case date, time, timestamp, zonedTimestamp, uuid, json, jsonb, void

    init?(type: UInt32) {
        switch type {
        case TypeID.bool: self = .bool
        case TypeID.bytes: self = .bytes
        case TypeID.int2: self = .int2
        case TypeID.int4: self = .int4
        case TypeID.int8: self = .int8
        case TypeID.oid: self = .oid
        case TypeID.float4: self = .float4
        case TypeID.float8: self = .float8
        case TypeID.numeric: self = .numeric
        case TypeID.text, TypeID.varchar, TypeID.paddedChar, TypeID.name, TypeID.xml, TypeID.unknown: self = .text
        case TypeID.char: self = .char
        case TypeID.date: self = .date
        case TypeID.time: self = .time
        case TypeID.timestamp: self = .timestamp
        case TypeID.zonedTimestamp: self = .zonedTimestamp
        case TypeID.uuid: self = .uuid
        case TypeID.json: self = .json
        case TypeID.jsonb: self = .jsonb
        case TypeID.void: self = .void
        default: return nil
        }
    }
}
