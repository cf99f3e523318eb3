/// Decodes a row as a `Decodable` type.
struct RowDecoder: Decoder {
    let row: Row
    let naming: ColumnNaming

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RowContainer(row: row, naming: naming))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SQLDecodingError(
            code: .unsupportedType, reason: "a row has no array; decode a tuple or a type with named properties")
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        WholeRowContainer(decoder: self)
    }
}

/// The columns of a row, by name.
private struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let row: Row
    let naming: ColumnNaming

    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        row.columns.names.compactMap(Key.init(stringValue:))
    }

    func contains(_ key: Key) -> Bool {
        // An ambiguous name counts as there, so that the error comes out where the value is asked for.
        row.columns.find(naming.columnName(for: key.stringValue)) != .nowhere
    }

    private func index(of key: Key) throws -> Int {
        try row.columns.index(of: naming.columnName(for: key.stringValue))
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        row.rawValue(at: try index(of: key)).isNull
    }

    /// Serves the protocol's functions for `Bool`, `String` and the numbers too.
    func decode<Value: Decodable & SQLDecodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try row.value(at: try index(of: key))
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try ColumnDecoder(row: row, index: try index(of: key)).decode(type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try ColumnDecoder(row: row, index: try index(of: key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try ColumnDecoder(row: row, index: try index(of: key)).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { RowDecoder(row: row, naming: naming) }
    func superDecoder(forKey key: Key) throws -> any Decoder { ColumnDecoder(row: row, index: try index(of: key)) }
}

/// A row where a single value is asked for: the row itself, for types that wrap another, and its only column.
private struct WholeRowContainer: SingleValueDecodingContainer {
    let decoder: RowDecoder

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable & SQLDecodable>(_ type: Value.Type) throws -> Value { try decoder.row.decode(type) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: decoder) }
}
