internal import CMariaDB
@_spi(Driver) internal import PoolSQL

/// How the values of a column are read.
enum ColumnKind: UInt8, Sendable {
    case null, int8, int16, int32, int64, uint8, uint16, uint32, uint64, year, float, double, decimal
    case text, bytes, json, uuid, bit, date, time, datetime, timestamp

    init(of field: MYSQL_FIELD) {
        let isUnsigned = unsafe field.flags & UInt32(UNSIGNED_FLAG) != 0
        switch unsafe field.type {
        case MYSQL_TYPE_NULL: self = .null
        case MYSQL_TYPE_TINY: self = isUnsigned ? .uint8 : .int8
        case MYSQL_TYPE_SHORT: self = isUnsigned ? .uint16 : .int16
        case MYSQL_TYPE_INT24, MYSQL_TYPE_LONG: self = isUnsigned ? .uint32 : .int32
        case MYSQL_TYPE_LONGLONG: self = isUnsigned ? .uint64 : .int64
        case MYSQL_TYPE_YEAR: self = .year
        case MYSQL_TYPE_FLOAT: self = .float
        case MYSQL_TYPE_DOUBLE: self = .double
        case MYSQL_TYPE_DECIMAL, MYSQL_TYPE_NEWDECIMAL: self = .decimal
        case MYSQL_TYPE_BIT: self = .bit
        case MYSQL_TYPE_DATE, MYSQL_TYPE_NEWDATE: self = .date
        case MYSQL_TYPE_TIME, MYSQL_TYPE_TIME2: self = .time
        case MYSQL_TYPE_DATETIME, MYSQL_TYPE_DATETIME2: self = .datetime
        case MYSQL_TYPE_TIMESTAMP, MYSQL_TYPE_TIMESTAMP2: self = .timestamp
        case MYSQL_TYPE_JSON: self = .json
        case MYSQL_TYPE_GEOMETRY: self = .bytes
        default: self = unsafe Self.stringKind(of: field)
        }
    }

    /// MariaDB sends some types as strings, and names the type in an extension. The character set 63 is `binary`.
    private static func stringKind(of field: MYSQL_FIELD) -> Self {
        if let kind = unsafe extendedKind(of: field) { return kind }
        return unsafe field.charsetnr == 63 ? .bytes : .text
    }

    /// The kind that the extension names; nil without one.
    static func extendedKind(of field: MYSQL_FIELD) -> Self? {
        if unsafe attribute(MARIADB_FIELD_ATTR_FORMAT_NAME, of: field) == "json" { return .json }
        if unsafe attribute(MARIADB_FIELD_ATTR_DATA_TYPE_NAME, of: field) == "uuid" { return .uuid }
        return nil
    }

    private static func attribute(_ attribute: mariadb_field_attr_t, of field: MYSQL_FIELD) -> String? {
        unsafe withUnsafePointer(to: field) { field in
            var count = 0
            guard let start = unsafe cmariadb_field_attribute(field, Int32(attribute.rawValue), &count) else {
                return nil
            }
            return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
        }
    }
}

/// The properties of a column that show whether it is still the one that was known.
struct FieldShape: Equatable {
    let name: String
    private let type: UInt32
    private let flags: UInt32
    private let length: UInt
    private let characterSet: UInt32
    private let extendedKind: ColumnKind?

    init(of field: MYSQL_FIELD) {
        name = unsafe Self.name(of: field)
        extendedKind = unsafe ColumnKind.extendedKind(of: field)
        type = unsafe field.type.rawValue
        flags = unsafe field.flags
        length = unsafe field.length
        characterSet = unsafe field.charsetnr
    }

    static func name(of field: MYSQL_FIELD) -> String {
        guard let start = unsafe field.name else { return "" }
        return unsafe String(
            decoding: UnsafeRawBufferPointer(start: start, count: Int(field.name_length)), as: UTF8.self)
    }

    /// True if both agree in the properties that libmariadb does not update from a run.
    func hasSameName(as other: Self) -> Bool {
        name.utf8.elementsEqual(other.name.utf8) && extendedKind == other.extendedKind
    }

    /// Compares with a field without allocating a shape for it.
    func matches(_ field: MYSQL_FIELD) -> Bool {
        guard unsafe type == field.type.rawValue, unsafe flags == field.flags, unsafe length == field.length,
            unsafe characterSet == field.charsetnr, unsafe name.utf8.count == Int(field.name_length),
            unsafe extendedKind == ColumnKind.extendedKind(of: field)
        else { return false }
        guard let start = unsafe field.name else { return name.isEmpty }
        var name = name
        return name.withUTF8 { bytes in
            let other = unsafe UnsafeRawBufferPointer(start: start, count: bytes.count)
            return unsafe UnsafeRawBufferPointer(bytes).hasSameBytes(as: other)
        }
    }
}
