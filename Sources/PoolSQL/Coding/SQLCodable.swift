/// A type whose values can be bind values of a statement.
///
/// An enum with raw values needs no more than the conformance. Other types of your own name the database's type that
/// they are stored as:
///
/// ```swift
/// struct Temperature: SQLEncodable {
///     let kelvin: Double
///     var sqlValue: SQLValue { .double(kelvin) }
/// }
/// ```
///
/// | type | becomes |
/// |---|---|
/// | `Bool` | `bool` |
/// | integers of any width | `int`; beyond the range of 64 bits with sign, `decimal` |
/// | `Double`, `Float` | `double` |
/// | `String`, `Substring` | `text` |
/// | `[UInt8]` | `bytes` |
/// | other arrays | `array` |
/// | ``SQLDecimal``, ``SQLDate``, ``SQLTime``, ``SQLTimestamp``, ``SQLZonedTimestamp``, ``SQLUUID`` | their own case |
/// | ``SQLJSON`` | `json` |
/// | optionals | NULL, or what they hold |
/// | enums and structures with a raw value | what that becomes |
///
/// `Date`, `UUID`, `Decimal`, `Data`, `URL`, and JSON of your own types are in the product PoolFoundation.
///
/// A value that no database value stands for becomes ``SQLValue/invalid(_:)``: running the statement throws its error.
public protocol SQLEncodable {
    /// The value as it is sent to the database.
    var sqlValue: SQLValue { get }

    /// An array of such values as it is sent to the database. The default is ``SQLValue/array(_:)``; that of `UInt8` is
    /// ``SQLValue/bytes(_:)``.
    static func sqlValue(ofArray elements: [Self]) -> SQLValue
}

/// A type that values in results can be decoded as.
///
/// One rule holds for all types of this package: a conversion happens if nothing can get lost, and fails otherwise.
/// Hence the integer 1 and the double 1.0 decode as `Int`, and 1.5 does not.
///
/// | type | decodes from |
/// |---|---|
/// | `Bool` | `bool`; `int` 0 and 1 |
/// | integers of any width | `int`, `double` and `decimal` whose value is a whole number in range |
/// | `Double`, `Float` | `double`, `int` and `decimal`, if the type can hold all their digits |
/// | `String` | `text`, `json` |
/// | `[UInt8]` | `bytes` |
/// | other arrays | `array` |
/// | ``SQLDecimal`` | `decimal`, `int`, `double` (its shortest text), `text` that is a number |
/// | ``SQLDate``, ``SQLTime``, ``SQLTimestamp``, ``SQLZonedTimestamp`` | their own case; `text` in their form |
/// | ``SQLUUID`` | `uuid`; `text` in its form; `bytes`, if there are 16 |
/// | ``SQLJSON`` | `json`, `text` |
/// | optionals | NULL, and what the wrapped type decodes from |
/// | enums and structures with a raw value | what that decodes from |
/// | ``SQLValue`` | everything, as it is |
///
/// A double can hold all digits of a decimal if its own shortest text is the same number: 0.10 does, and one of twenty
/// digits does not. If an approximation will do, decode ``SQLDecimal`` and make a `Double` of it.
///
/// A text without an offset from UTC decodes as ``SQLZonedTimestamp`` too, and is in UTC then: SQLite keeps moments as
/// such texts.
///
/// No timestamp decodes from a number, since a number does not say which unit it counts, nor from when.
///
/// `Date`, `UUID`, `Decimal`, `Data`, `URL`, and JSON of your own types are in the product PoolFoundation.
public protocol SQLDecodable {
    /// Decodes a value. Throw ``SQLConversionError`` if the type cannot hold `sqlValue`.
    init(sqlValue: SQLValue) throws

    /// Decodes a value that still lies in its result; must agree with ``init(sqlValue:)``. The default makes a
    /// ``SQLValue`` for that initializer, which is enough for your own types; the types of this package do without one,
    /// because that is faster.
    init(cell: borrowing SQLCell) throws

    /// Decodes an array of such values. The default takes ``SQLValue/array(_:)``; the one of `UInt8` takes
    /// ``SQLValue/bytes(_:)``.
    static func array(sqlValue: SQLValue) throws -> [Self]
}

/// A type that can be a bind value, and that values in results can be decoded as.
public typealias SQLCodable = SQLDecodable & SQLEncodable

extension SQLEncodable {
    /// The default is ``SQLValue/array(_:)``.
    public static func sqlValue(ofArray elements: [Self]) -> SQLValue {
        .array(elements.map(\.sqlValue))
    }
}

extension SQLDecodable {
    /// The default decodes the cell's ``SQLCell/sqlValue``.
    @inlinable
    public init(cell: borrowing SQLCell) throws {
        try self.init(sqlValue: cell.sqlValue)
    }

    /// The default decodes ``SQLValue/array(_:)``. Throws ``SQLConversionError`` for other values.
    public static func array(sqlValue: SQLValue) throws -> [Self] {
        guard case .array(let elements) = sqlValue else {
            var reason: String?
            if case .text = sqlValue {
                reason = "a text is no array: where the database has one, cast it to an array of texts in the statement"
            }
            throw SQLConversionError(expected: [Self].self, actual: sqlValue, reason: reason)
        }
        return try elements.map { element in
            do {
                return try Self(sqlValue: element)
            } catch let error as SQLConversionError {
                throw SQLConversionError(
                    expected: [Self].self, actual: sqlValue, reason: "an element: \(error)")
            }
        }
    }
}

extension SQLValue: SQLCodable {
    /// The value itself.
    public var sqlValue: SQLValue { self }

    /// Takes every value as it is.
    public init(sqlValue: SQLValue) {
        self = sqlValue
    }
}

extension SQLEncodable where Self: RawRepresentable, RawValue: SQLEncodable {
    /// The raw value, as its own type sends it.
    public var sqlValue: SQLValue { rawValue.sqlValue }
}

extension SQLDecodable where Self: RawRepresentable, RawValue: SQLDecodable {
    /// Decodes the raw value. Throws ``SQLConversionError`` if the type has no such raw value.
    public init(sqlValue: SQLValue) throws {
        let rawValue: RawValue
        do {
            rawValue = try RawValue(sqlValue: sqlValue)
        } catch let error as SQLConversionError {
            throw SQLConversionError(expected: Self.self, actual: sqlValue, reason: error.reason)
        }
        guard let value = Self(rawValue: rawValue) else {
            throw SQLConversionError(expected: Self.self, actual: sqlValue, reason: "no case has this raw value")
        }
        self = value
    }
}
