/// Decodes a row as a `Decodable` type. Small enough to need no memory where it is passed on as `any Decoder`.
struct RowDecoder: Decoder {
    private let decoding: RowDecoding
    private let offset: Int
    private let number: Int

    init(_ decoding: RowDecoding, offset: Int, number: Int) {
        self.decoding = decoding
        self.offset = offset
        self.number = number
        decoding.beginRow()
    }

    var row: Row { Row(columns: decoding.columns, number: number, storage: decoding.values, offset: offset) }
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RowContainer(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SQLDecodingError(
            code: .unsupportedType, reason: "a row has no array; decode a tuple or a type with named properties")
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        WholeRowContainer(decoder: self)
    }

    @inline(__always)
    fileprivate func find(_ key: some CodingKey) -> Columns.Place { decoding.find(key.stringValue) }

    /// The index of the column for `key`.
    @inline(__always)
    fileprivate func index(of key: some CodingKey) throws -> Int {
        if case .at(let index) = find(key) { return index }
        return try decoding.columns.index(of: decoding.naming.columnName(for: key.stringValue))
    }

    @inline(__always)
    fileprivate func cell(at index: Int) -> SQLCell { SQLCell(decoding.reader, at: offset + index) }

    @inline(__always)
    fileprivate func value<Value: SQLDecodable>(at index: Int) throws -> Value {
        do {
            return try Value(cell: cell(at: index))
        } catch {
            throw row.conversionError(error, to: Value.self, at: index)
        }
    }
}

/// The columns of a row, by name.
private struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: RowDecoder

    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        decoder.row.columns.names.compactMap(Key.init(stringValue:))
    }

    func contains(_ key: Key) -> Bool {
        // An ambiguous name counts as there, so that the error comes out where the value is asked for.
        decoder.find(key) != .nowhere
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        decoder.cell(at: try decoder.index(of: key)).isNull
    }

    /// Serves the protocol's functions for `Bool`, `String` and the numbers too.
    @inline(__always)
    func decode<Value: Decodable & SQLDecodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder.value(at: try decoder.index(of: key))
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try column(key).decode(type)
    }

    /// In one step what is three by default. Serves the protocol's other functions too.
    @inline(__always)
    func decodeIfPresent<Value: Decodable & SQLDecodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let index = try indexIfPresent(key) else { return nil }
        return try decoder.value(at: index)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let index = try indexIfPresent(key) else { return nil }
        return try ColumnDecoder(row: decoder.row, index: index).decode(type)
    }

    /// Nil where there is no such column, and where it is NULL.
    @inline(__always)
    private func indexIfPresent(_ key: Key) throws -> Int? {
        let place = decoder.find(key)
        if place == .nowhere { return nil }
        let index = if case .at(let index) = place { index } else { try decoder.index(of: key) }
        return decoder.cell(at: index).isNull ? nil : index
    }

    private func column(_ key: Key) throws -> ColumnDecoder {
        ColumnDecoder(row: decoder.row, index: try decoder.index(of: key))
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try column(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try column(key).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try column(key) }
}

/// A row where a single value is asked for: the row itself, for types that wrap another, and its only column.
private struct WholeRowContainer: SingleValueDecodingContainer {
    let decoder: RowDecoder

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable & SQLDecodable>(_ type: Value.Type) throws -> Value { try decoder.row.decode(type) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: decoder) }
}
