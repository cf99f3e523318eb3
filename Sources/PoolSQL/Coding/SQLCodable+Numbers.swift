extension Bool: SQLCodable {
    /// A ``SQLValue/bool(_:)``.
    public var sqlValue: SQLValue { .bool(self) }

    /// Decodes `bool`, and `int` 0 and 1. Throws ``SQLConversionError`` for other values.
    public init(sqlValue: SQLValue) throws {
        switch sqlValue {
        case .bool(let value): self = value
        case .int(0): self = false
        case .int(1): self = true
        case .int:
            throw SQLConversionError(expected: Bool.self, actual: sqlValue, reason: "only 0 and 1 are truth values")
        default: throw SQLConversionError(expected: Bool.self, actual: sqlValue)
        }
    }
}

extension SQLEncodable where Self: FixedWidthInteger {
    /// A ``SQLValue/int(_:)``, or a ``SQLValue/decimal(_:)`` beyond the range of 64 bits with sign.
    public var sqlValue: SQLValue {
        Int64(exactly: self).map(SQLValue.int) ?? .decimal(SQLDecimal(self))
    }
}

extension SQLDecodable where Self: FixedWidthInteger {
    /// Decodes `int`, `double` and `decimal` whose value is a whole number in range. Throws ``SQLConversionError`` for
    /// others.
    @inlinable
    public init(sqlValue: SQLValue) throws {
        if case .int(let value) = sqlValue, let exact = Self(exactly: value) {
            self = exact
        } else {
            self = try Self.converted(sqlValue)
        }
    }

    /// Decodes `int`, `double` and `decimal` whose value is a whole number in range. Throws ``SQLConversionError`` for
    /// others.
    @inlinable
    public init(cell: borrowing SQLCell) throws {
        if let value = cell.int, let exact = Self(exactly: value) {
            self = exact
        } else {
            self = try Self.converted(cell.sqlValue)
        }
    }

    @usableFromInline
    static func converted(_ sqlValue: SQLValue) throws -> Self {
        let exact: Self?
        switch sqlValue {
        case .int(let value): exact = Self(exactly: value)
        case .double(let value): exact = Self(exactly: value)
        case .decimal(let value): exact = Self(exactly: value)
        default: throw SQLConversionError(expected: Self.self, actual: sqlValue)
        }
        guard let exact else {
            throw SQLConversionError(
                expected: Self.self, actual: sqlValue, reason: "not a whole number that the type can hold")
        }
        return exact
    }
}

extension Int: SQLCodable {}
extension Int8: SQLCodable {}
extension Int16: SQLCodable {}
extension Int32: SQLCodable {}
extension Int64: SQLCodable {}
extension Int128: SQLCodable {}
extension UInt: SQLCodable {}
extension UInt16: SQLCodable {}
extension UInt32: SQLCodable {}
extension UInt64: SQLCodable {}
extension UInt128: SQLCodable {}

extension UInt8: SQLCodable {
    /// An array of bytes is a ``SQLValue/bytes(_:)``.
    public static func sqlValue(ofArray elements: [UInt8]) -> SQLValue { .bytes(elements) }

    /// Decodes `bytes`. Throws ``SQLConversionError`` for other values.
    public static func array(sqlValue: SQLValue) throws -> [UInt8] {
        guard case .bytes(let bytes) = sqlValue else {
            throw SQLConversionError(expected: [UInt8].self, actual: sqlValue)
        }
        return bytes
    }
}

extension Double: SQLCodable {
    /// A ``SQLValue/double(_:)``.
    public var sqlValue: SQLValue { .double(self) }

    /// Decodes `double`, `int` and `decimal`, if the type can hold all digits. Throws ``SQLConversionError`` if it
    /// cannot.
    @inlinable
    public init(sqlValue: SQLValue) throws {
        if case .double(let value) = sqlValue { self = value } else { self = try Self.converted(sqlValue) }
    }

    /// Decodes `double`, `int` and `decimal`, if the type can hold all digits. Throws ``SQLConversionError`` if it
    /// cannot.
    @inlinable
    public init(cell: borrowing SQLCell) throws {
        if let value = cell.double { self = value } else { self = try Self.converted(cell.sqlValue) }
    }

    @usableFromInline
    static func converted(_ sqlValue: SQLValue) throws -> Double {
        let exact: Double?
        switch sqlValue {
        case .double(let value): exact = value
        case .int(let value): exact = Double(exactly: value)
        case .decimal(let value):
            let nearest = Double(value)
            exact = SQLDecimal(nearest) == value ? nearest : nil
        default: throw SQLConversionError(expected: Double.self, actual: sqlValue)
        }
        guard let exact else {
            throw SQLConversionError(
                expected: Double.self, actual: sqlValue, reason: tooManyDigits)
        }
        return exact
    }
}

extension Float: SQLCodable {
    /// A ``SQLValue/double(_:)``.
    public var sqlValue: SQLValue { .double(Double(self)) }

    /// Decodes `double`, `int` and `decimal`, if the type can hold all digits. Throws ``SQLConversionError`` if it
    /// cannot.
    public init(sqlValue: SQLValue) throws {
        let exact: Float?
        switch sqlValue {
        case .double(let value): exact = value.isNaN ? .nan : Float(exactly: value)
        case .int(let value): exact = Float(exactly: value)
        case .decimal(let value):
            let nearest = Float(value.description) ?? .nan
            exact = value.isNaN || SQLDecimal(nearest.description) == value ? nearest : nil
        default: throw SQLConversionError(expected: Float.self, actual: sqlValue)
        }
        guard let exact else {
            throw SQLConversionError(
                expected: Float.self, actual: sqlValue, reason: tooManyDigits)
        }
        self = exact
    }
}

extension SQLDecimal: SQLCodable {
    /// A ``SQLValue/decimal(_:)``.
    public var sqlValue: SQLValue { .decimal(self) }

    /// Decodes `decimal`, `int`, `double` (its shortest text), and `text` that is a number. Throws
    /// ``SQLConversionError`` for other values.
    public init(sqlValue: SQLValue) throws {
        switch sqlValue {
        case .decimal(let value): self = value
        case .int(let value): self.init(value)
        case .double(let value): self.init(value)
        default: self = try sqlValue.decodeText()
        }
    }
}

/// The reason for values that vary from row to row, as in the average of a column.
private let tooManyDigits =
    "more digits than the type can hold; decode SQLDecimal, or cast the column to a floating-point type"
