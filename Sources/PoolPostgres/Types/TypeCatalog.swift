@_spi(Driver) internal import PoolSQL

/// The server's descriptions of types whose numbers the driver does not know: whether they are arrays, and of what.
///
/// A type that is dropped and made again has another number, and numbers repeat only after some four billion. So the
/// descriptions hold as long as the session, whatever resets it. If one should not hold, a text that is no array
/// stays a text.
struct TypeCatalog: Sendable {
    typealias Meaning = (kind: ValueKind, layers: ArrayLayers)

    /// The meaning of each known type, including types that are no arrays.
    private var meanings: [UInt32: Meaning] = [:]
    /// The types that the server could not describe: not asked about again before the transaction has ended.
    private var unanswered: Set<UInt32> = []
    /// The largest number of entries: a program that makes types without end must not fill the memory.
    static let capacity = 1_000

    /// The meaning of a type; nil if it is not known yet.
    func meaning(of type: UInt32) -> Meaning? { meanings[type] }

    /// True if the server might describe the type.
    func isUnknown(_ type: UInt32) -> Bool { !ColumnReader.readsBinary(type) && meanings[type] == nil }

    /// The types about which the server can be asked, each once.
    func askable(among types: [UInt32]) -> [UInt32] {
        Set(types.filter { isUnknown($0) && !unanswered.contains($0) }).sorted()
    }

    // MARK: Asking

    /// A query about these types, and about those that they are made of: an array's elements, and the type under a
    /// domain.
    ///
    /// Some types, such as `point`, have elements and are no arrays: a type is an array if its elements' type names
    /// it as its array. https://www.postgresql.org/docs/current/catalog-pg-type.html
    static func query(_ types: [UInt32]) -> String {
        let numbers = types.map { String($0) }.joined(separator: ",")
        let columns = "SELECT t.oid, e.oid, e.typdelim, t.typbasetype"
        // Operators of the application may precede the server's in the search path.
        let equals = "OPERATOR(pg_catalog.=)"
        let elements = """
            LEFT JOIN pg_catalog.pg_type AS e ON e.oid \(equals) t.typelem AND e.typarray \(equals) t.oid
            """
        return """
            WITH RECURSIVE found(type, element, delimiter, base) AS (
            \(columns) FROM pg_catalog.pg_type AS t \(elements)
            WHERE t.oid \(equals) ANY ('{\(numbers)}'::pg_catalog.oid[])
            UNION
            \(columns) FROM found JOIN pg_catalog.pg_type AS t
            ON t.oid \(equals) found.element OR t.oid \(equals) found.base \(elements)
            ) SELECT type, element, delimiter, base FROM found
            """
    }

    /// The server's description of a type.
    private struct Description {
        /// The element type; 0 if the type is no array.
        let element: UInt32
        let delimiter: UInt8
        /// The base type; 0 if the type is no domain.
        let base: UInt32

        init(_ values: ArraySlice<SQLValue>) {
            element = Self.number(values.dropFirst().first)
            base = Self.number(values.dropFirst(3).first)
            if case .text(let text)? = values.dropFirst(2).first, let byte = text.utf8.first {
                delimiter = byte
            } else {
                delimiter = 0
            }
        }

        static func number(_ value: SQLValue?) -> UInt32 {
            if case .int(let number)? = value { return UInt32(exactly: number) ?? 0 }
            return 0
        }
    }

    /// Takes the answer to ``query(_:)``.
    ///
    /// - Parameter isFinal: False within a transaction, whose view of the types may be older than its statements'.
    mutating func note(_ answer: SQLRows?, to asked: [UInt32], isFinal: Bool) {
        var found: [UInt32: Description] = [:]
        for row in answer ?? SQLRows(columns: SQLColumns(names: []), values: []) {
            let values = row.values
            found[Description.number(values.first)] = Description(values)
        }
        makeRoom(for: asked)
        for type in asked where found[type] != nil { meanings[type] = Self.meaning(of: type, found) }
        noteNoAnswer(to: asked.filter { found[$0] == nil }, isFinal: isFinal)
    }

    /// Notes that the server has not described these types.
    ///
    /// - Parameter isFinal: True if asking again would not help: the types are read as text from now on.
    mutating func noteNoAnswer(to asked: [UInt32], isFinal: Bool) {
        if !isFinal { return unanswered.formUnion(asked) }
        for type in asked { meanings[type] = (.text, ArrayLayers()) }
    }

    /// Forgets all descriptions if there are too many.
    mutating func makeRoom(for asked: [UInt32]) {
        if meanings.count + unanswered.count + asked.count > Self.capacity { (meanings, unanswered) = ([:], []) }
    }

    /// True if there are types to ask about again after the transaction.
    var hasUnanswered: Bool { !unanswered.isEmpty }
    mutating func forgetUnanswered() { unanswered = [] }

    private static func meaning(of type: UInt32, _ found: [UInt32: Description]) -> Meaning {
        var layers = ArrayLayers()
        var type = type
        // Each type is made of others: more steps than types would be a cycle.
        for _ in 0...found.count {
            if let kind = ValueKind(type: type) { return (kind, layers) }
            if let kind = TypeID.elements[type].flatMap({ ValueKind(type: $0) }) {
                return layers.append(UInt8(ascii: ",")) ? (kind, layers) : (.text, layers)
            }
            guard let description = found[type] else { break }
            if description.base != 0 {
                type = description.base
            } else if description.element != 0, layers.append(description.delimiter) {
                type = description.element
            } else {
                break
            }
        }
        return (.text, layers)
    }
}

extension SQLRows {
    /// A copy of the rows, in which values that arrived as text before their types were known are decoded with
    /// `catalog`.
    func read(with catalog: TypeCatalog) -> SQLRows {
        let readers = columns.typeIDs.map { type in
            let reader = ColumnReader.readsBinary(type) ? nil : ColumnReader(type: type, catalog)
            return reader?.isText == false ? reader : nil
        }
        // Most unknown types are no arrays.
        if readers.allSatisfy({ $0 == nil }) { return self }
        var builder = SQLRowsBuilder()
        for row in self {
            for (reader, value) in zip(readers, row.values) {
                if let reader, case .text(let text) = value {
                    builder.append(reader.value(text))
                } else {
                    builder.append(value)
                }
            }
        }
        return builder.take(columns)
    }
}
