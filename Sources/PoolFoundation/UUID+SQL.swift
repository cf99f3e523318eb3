public import PoolSQL

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension UUID: SQLCodable {
    /// A ``SQLValue/uuid(_:)``. For a column of 16 bytes, such as MariaDB's `BINARY(16)`, bind ``bytes`` instead.
    public var sqlValue: SQLValue { .uuid(SQLUUID(bytesOf: self)) }

    /// Decodes `uuid`, `text` in the form of a UUID, and 16 `bytes`. Throws ``SQLConversionError`` for other values.
    public init(sqlValue: SQLValue) throws {
        do {
            self.init(try SQLUUID(sqlValue: sqlValue))
        } catch let error as SQLConversionError {
            throw SQLConversionError(expected: UUID.self, actual: sqlValue, reason: error.reason)
        }
    }

    /// The 16 bytes, in the order in which they are written.
    public var bytes: [UInt8] { SQLUUID(bytesOf: self).bytes }

    private init(_ value: SQLUUID) {
        let (high, low) = (value.high.bigEndian, value.low.bigEndian)
        self = unsafe withUnsafeBytes(of: (high, low)) { bytes in
            // In bounds, because the two halves and a UUID have 16 bytes each.
            unsafe UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
        }
    }
}

extension SQLUUID {
    fileprivate init(bytesOf uuid: UUID) {
        let (high, low) = unsafe withUnsafeBytes(of: uuid.uuid) { bytes in
            // In bounds, because the two halves and a UUID have 16 bytes each.
            unsafe (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(high: high, low: low)
    }
}
