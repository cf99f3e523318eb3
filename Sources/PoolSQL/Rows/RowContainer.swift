/// The columns of a row, by name.
struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let row: KeyedRow

    init(_ row: KeyedRow) {
        self.row = row
    }

    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] { row.columns.names.compactMap(Key.init(stringValue:)) }

    func contains(_ key: Key) -> Bool {
        // An ambiguous name counts as present, so that the error comes out when the value is asked for.
        row.find(key) != .nowhere
    }

    func decodeNil(forKey key: Key) throws -> Bool { row.isNull(at: try row.index(of: key)) }

    /// Decodes one column. Serves the protocol's functions for `Bool`, `String` and the numbers too.
    @inline(__always)
    func decode<Value: Decodable & SQLDecodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try row.value(at: try row.index(of: key))
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try row.column(key).decode(type)
    }

    /// Decodes one column in one step instead of the default's three. Serves the protocol's other functions too.
    @inline(__always)
    func decodeIfPresent<Value: Decodable & SQLDecodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let index = try indexIfPresent(key) else { return nil }
        return try row.value(at: index) as Value
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let index = try indexIfPresent(key) else { return nil }
        return try row.column(at: index).decode(type)
    }

    /// The index of a key's column; nil if there is no such column, or if it is NULL.
    private func indexIfPresent(_ key: Key) throws -> Int? {
        switch row.find(key) {
        case .at(let index): return row.isNull(at: index) ? nil : index
        case .nowhere: return nil
        case .ambiguous: throw row.absenceError(key)
        }
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try row.column(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try row.column(key).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { row.decoder }

    func superDecoder(forKey key: Key) throws -> any Decoder { try row.column(key) }
}
