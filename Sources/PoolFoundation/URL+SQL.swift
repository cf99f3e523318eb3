public import PoolSQL

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension URL: SQLCodable {
    /// A ``SQLValue/text(_:)`` of the whole URL: a relative one is resolved first.
    public var sqlValue: SQLValue { .text(absoluteString) }

    /// Decodes `text` that is a URL as it stands. Throws ``SQLConversionError`` for other values: nothing is
    /// percent-encoded on the way.
    public init(sqlValue: SQLValue) throws {
        guard case .text(let text) = sqlValue else { throw SQLConversionError(expected: URL.self, actual: sqlValue) }
        guard let url = URL(string: text, encodingInvalidCharacters: false), url.absoluteString == text else {
            throw SQLConversionError(expected: URL.self, actual: sqlValue, reason: "the text is no URL")
        }
        self = url
    }
}
