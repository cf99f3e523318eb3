public import PoolSQL

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension Decimal: SQLCodable {
    /// A ``SQLValue/decimal(_:)``. Not-a-number can be stored in PostgreSQL only; other drivers refuse it.
    public var sqlValue: SQLValue {
        if isNaN { return .decimal(.nan) }
        guard let decimal = SQLDecimal(description) else {
            return .invalid(SQLEncodingError(Decimal.self, reason: "it is not in the form of a decimal number"))
        }
        return .decimal(decimal)
    }

    /// Decodes `decimal`, `int`, `double` (its shortest text), and `text` that is a number. Throws
    /// ``SQLConversionError`` for other values, and if the number has more digits than the type can hold, which are 38,
    /// or is infinite.
    public init(sqlValue: SQLValue) throws {
        let decimal: SQLDecimal
        do {
            decimal = try SQLDecimal(sqlValue: sqlValue)
        } catch let error as SQLConversionError {
            throw SQLConversionError(expected: Decimal.self, actual: sqlValue, reason: error.reason)
        }
        if decimal.isNaN {
            self = .nan
            return
        }
        if decimal.isInfinite {
            throw SQLConversionError(
                expected: Decimal.self, actual: sqlValue, reason: "the type has no infinity; decode SQLDecimal")
        }
        // Foundation rounds what does not fit, and does not say so.
        guard let value = Decimal(string: decimal.description), SQLDecimal(value.description) == decimal else {
            throw SQLConversionError(
                expected: Decimal.self, actual: sqlValue,
                reason: "more digits than the type can hold; decode SQLDecimal, or round in the statement")
        }
        self = value
    }
}
