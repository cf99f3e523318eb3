public import PoolSQL

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension Data: SQLCodable {
    /// A ``SQLValue/bytes(_:)``.
    public var sqlValue: SQLValue { .bytes(Array(self)) }

    /// Decodes `bytes`. Throws ``SQLConversionError`` for other values.
    public init(sqlValue: SQLValue) throws {
        guard case .bytes(let bytes) = sqlValue else {
            throw SQLConversionError(expected: Data.self, actual: sqlValue)
        }
        self.init(bytes)
    }
}
