/// Decodes a row as a `Decodable` type. Small enough to need no memory when it is passed on as `any Decoder`.
///
/// All of it can be inlined, so that the compiler can specialize it for the application's types.
@usableFromInline
struct RowDecoder: Decoder {
    @usableFromInline let decoding: RowDecoding
    @usableFromInline let offset: Int
    @usableFromInline let number: Int

    @inlinable
    init(_ decoding: RowDecoding, offset: Int, number: Int) {
        self.decoding = decoding
        self.offset = offset
        self.number = number
    }

    @usableFromInline var row: SQLRow {
        SQLRow(columns: decoding.columns, number: number, storage: decoding.values, offset: offset)
    }
    @usableFromInline var codingPath: [any CodingKey] { [] }
    @usableFromInline var userInfo: [CodingUserInfoKey: Any] { [:] }

    @inlinable
    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        decoding.container(keyedBy: type, offset: offset, number: number)
    }

    @usableFromInline
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SQLDecodingError(
            code: .unsupportedType, reason: "a row has no array; decode a tuple or a type with named properties")
    }

    @usableFromInline
    func singleValueContainer() -> any SingleValueDecodingContainer {
        WholeRowContainer(decoder: self)
    }
}

/// A row as a single value: the row itself, for types that wrap another, and its only column.
private struct WholeRowContainer: SingleValueDecodingContainer {
    let decoder: RowDecoder

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable & SQLDecodable>(_ type: Value.Type) throws -> Value { try decoder.row.decode(type) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: decoder) }
}
