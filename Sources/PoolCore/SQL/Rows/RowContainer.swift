/// The columns of a row, by name.
@usableFromInline
struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    @usableFromInline let decoder: RowDecoder

    @inlinable
    init(_ decoder: RowDecoder) {
        self.decoder = decoder
    }

    @usableFromInline var codingPath: [any CodingKey] { [] }

    @usableFromInline var allKeys: [Key] {
        decoder.decoding.columns.names.compactMap(Key.init(stringValue:))
    }

    @inlinable
    func contains(_ key: Key) -> Bool {
        // An ambiguous name counts as there, so that the error comes out where the value is asked for.
        decoder.decoding.find(key.stringValue) != .nowhere
    }

    @inlinable
    func decodeNil(forKey key: Key) throws -> Bool {
        decoder.isNull(at: try decoder.index(of: key.stringValue))
    }

    /// Serves the protocol's functions for `Bool`, `String` and the numbers too.
    @inlinable
    @inline(__always)
    func decode<Value: Decodable & SQLDecodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder.value(at: try decoder.index(of: key.stringValue))
    }

    @inlinable
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder.column(key.stringValue).decode(type)
    }

    /// In one step what is three by default. Serves the protocol's other functions too.
    @inlinable
    @inline(__always)
    func decodeIfPresent<Value: Decodable & SQLDecodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let index = try indexIfPresent(key.stringValue) else { return nil }
        return try decoder.value(at: index) as Value
    }

    @inlinable
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let index = try indexIfPresent(key.stringValue) else { return nil }
        return try decoder.column(at: index).decode(type)
    }

    /// Nil where there is no such column, and where it is NULL.
    @inlinable
    func indexIfPresent(_ key: String) throws -> Int? {
        switch decoder.decoding.find(key) {
        case .at(let index): return decoder.isNull(at: index) ? nil : index
        case .nowhere: return nil
        case .ambiguous: throw decoder.decoding.absenceError(key)
        }
    }

    @usableFromInline
    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try decoder.column(key.stringValue).container(keyedBy: type)
    }

    @usableFromInline
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder.column(key.stringValue).unkeyedContainer()
    }

    @usableFromInline
    func superDecoder() -> any Decoder { decoder }

    @usableFromInline
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder.column(key.stringValue) }
}
