public import PoolSQL

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// A column of JSON that holds a value of your own type.
///
/// ```swift
/// struct Address: Codable { var street: String, city: String }
/// struct Customer: Decodable { let id: Int, address: SQLJSONColumn<Address> }
///
/// func move(to address: Address, on pool: Pool<some SQLDriver>) async throws {
///     try await pool.execute("UPDATE customer SET address = \(SQLJSONColumn(address)) WHERE id = 1")
///     let customers = try await pool.query("SELECT id, address FROM customer").decode(Customer.self)
///     print(customers[0].address.city)
/// }
/// ```
///
/// Keys are sorted, `Data` is Base64, and a `Date` is a text in UTC with microseconds, such as
/// `2024-01-31T12:30:59.000000Z`. A date is read from any text in the form of a timestamp; without an offset it is in
/// UTC. A type that needs another form of its dates can encode them itself, as texts or numbers.
///
/// An optional column is NULL for nil. For the text of a document, as it is, there is ``SQLJSON``.
@dynamicMemberLookup
public struct SQLJSONColumn<Value> {
    /// The value that the column holds.
    public var value: Value

    /// Makes a column of a value.
    public init(_ value: Value) {
        self.value = value
    }

    /// The value's own properties.
    public subscript<Property>(dynamicMember path: WritableKeyPath<Value, Property>) -> Property {
        get { value[keyPath: path] }
        set { value[keyPath: path] = newValue }
    }

    /// The value's own properties.
    public subscript<Property>(dynamicMember path: KeyPath<Value, Property>) -> Property { value[keyPath: path] }
}

extension SQLJSONColumn: Sendable where Value: Sendable {}
extension SQLJSONColumn: Equatable where Value: Equatable {}
extension SQLJSONColumn: Hashable where Value: Hashable {}

extension SQLJSONColumn: SQLEncodable where Value: Encodable {
    /// A ``SQLValue/json(_:)``; if the value cannot be encoded, as a number that is not finite cannot, a
    /// ``SQLValue/invalid(_:)`` whose reason names the place.
    public var sqlValue: SQLValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            guard case .zonedTimestamp(let moment) = date.sqlValue else {
                throw EncodingError.invalidValue(
                    date, EncodingError.Context(codingPath: encoder.codingPath, debugDescription: ""))
            }
            try container.encode(moment.description)
        }
        do {
            return .json(String(decoding: try encoder.encode(value), as: UTF8.self))
        } catch {
            return .invalid(SQLEncodingError(Self.self, reason: JSONFault(error).description))
        }
    }
}

extension SQLJSONColumn: SQLDecodable where Value: Decodable {
    /// Decodes `json` and `text`. Throws ``SQLConversionError`` for other values, and for documents that are not those
    /// of the type; the error names the place, and never the value.
    public init(sqlValue: SQLValue) throws {
        let text: String
        do {
            text = try SQLJSON(sqlValue: sqlValue).text
        } catch let error as SQLConversionError {
            throw SQLConversionError(expected: Self.self, actual: sqlValue, reason: error.reason)
        }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = try? Date(sqlValue: .text(text)) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "")
            }
            return date
        }
        do {
            value = try decoder.decode(Value.self, from: Data(text.utf8))
        } catch {
            throw SQLConversionError(expected: Self.self, actual: sqlValue, reason: JSONFault(error).description)
        }
    }
}

extension SQLJSONColumn: Encodable where Value: Encodable {
    /// Encodes the value as it encodes itself.
    public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

extension SQLJSONColumn: Decodable where Value: Decodable {
    /// Decodes the value as it decodes itself.
    public init(from decoder: any Decoder) throws { value = try Value(from: decoder) }
}

/// The place and the kind of a fault in a document. Foundation's own texts may show the value, which may be a secret.
private struct JSONFault: CustomStringConvertible {
    let description: String

    init(_ error: any Error) {
        switch error {
        case EncodingError.invalidValue(_, let context):
            description = "\(Self.place(context.codingPath)) is a value that JSON cannot hold"
        case DecodingError.keyNotFound(let key, let context):
            description = "\(Self.place(context.codingPath)) has no key \"\(key.stringValue)\""
        case DecodingError.typeMismatch(let type, let context):
            description = "\(Self.place(context.codingPath)) is not of type \(type)"
        case DecodingError.valueNotFound(let type, let context):
            description = "\(Self.place(context.codingPath)) is null, and not of type \(type)"
        case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty:
            description = "the text is no JSON, or not that of the type"
        case DecodingError.dataCorrupted(let context):
            description = "\(Self.place(context.codingPath)) is not a value of its type"
        default: description = "the type refuses it with \(Swift.type(of: error))"
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.reduce(into: "$") { place, key in
            place += key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)"
        }
    }
}
