/// A row whose columns are asked for by the keys of one type, together with the indices of these columns: it may become
/// another row of the same result.
@safe
@usableFromInline
final class KeyedRow {
    @usableFromInline let columns: SQLColumns
    @usableFromInline let values: StoredValues
    /// Borrows from `values`; must not outlive it.
    @usableFromInline let reader: ValueReader
    private let naming: SQLColumnNaming
    /// The index of the row's first value in `values`.
    @usableFromInline @exclusivity(unchecked) private(set) var offset = 0
    @usableFromInline @exclusivity(unchecked) private(set) var number = 0
    /// True if a key is a byte that identifies it completely, as in an enum without associated values.
    private let keysAreBytes: Bool
    /// The columns of such keys, -1 if not known yet.
    private let indices: UnsafeMutablePointer<Int16>

    /// The columns of other keys, in the order in which they are asked for, which is usually the same in each row. So
    /// the next key is compared with the one that came next in the row before.
    @exclusivity(unchecked) private var trail: [(key: String, place: SQLColumns.Place)] = []
    /// The index of the next key in `trail`.
    @exclusivity(unchecked) private var next = 0

    /// The length of the trail. A type that asks for more keys has their columns found by name.
    private static var stepLimit: Int { 256 }

    init<Key: CodingKey>(
        _ columns: SQLColumns, _ values: StoredValues, _ naming: SQLColumnNaming, keyedBy type: Key.Type
    ) {
        self.columns = columns
        self.values = values
        reader = values.withReader { $0 }
        self.naming = naming
        keysAreBytes = _isPOD(type) && MemoryLayout<Key>.size == 1
        let count = keysAreBytes ? 256 : 0
        unsafe indices = .allocate(capacity: count)
        unsafe indices.initialize(repeating: -1, count: count)
    }

    deinit { unsafe indices.deallocate() }

    /// Becomes another row.
    @usableFromInline
    func begin(offset: Int, number: Int) {
        unsafe self.offset = offset
        unsafe self.number = number
        unsafe next = 0
    }

    var row: SQLRow { unsafe SQLRow(columns: columns, number: number, storage: values, offset: offset) }

    // MARK: Columns

    /// The index of the column for a key.
    @inline(__always)
    func index(of key: some CodingKey) throws -> Int {
        if keysAreBytes {
            let index = unsafe indices[Self.byte(of: key)]
            if index >= 0 { return Int(index) }
        }
        return try findIndex(of: key)
    }

    @inline(never)
    private func findIndex(of key: some CodingKey) throws -> Int {
        if case .at(let index) = find(key) { return index }
        throw absenceError(key)
    }

    func find(_ key: some CodingKey) -> SQLColumns.Place {
        guard keysAreBytes else { return find(named: key.stringValue) }
        let byte = Self.byte(of: key)
        let known = unsafe indices[byte]
        if known >= 0 { return .at(Int(known)) }
        let place = columns.find(naming.columnName(for: key.stringValue))
        if case .at(let index) = place { unsafe indices[byte] = Int16(exactly: index) ?? -1 }
        return place
    }

    @inline(__always)
    private static func byte(of key: some CodingKey) -> Int {
        Int(unsafe unsafeBitCast(key, to: UInt8.self))
    }

    private func find(named key: String) -> SQLColumns.Place {
        let position = unsafe next
        if unsafe position < trail.count, unsafe trail[position].key == key {
            unsafe next = position + 1
            return unsafe trail[position].place
        }
        // The key is asked for again.
        if position > 0, unsafe trail[position - 1].key == key { return unsafe trail[position - 1].place }
        // A key was left out this time: those after it follow.
        for later in unsafe trail.indices.dropFirst(position + 1).prefix(4) where unsafe trail[later].key == key {
            unsafe next = later + 1
            return unsafe trail[later].place
        }
        let place = columns.find(naming.columnName(for: key))
        if unsafe trail.count == position, position < Self.stepLimit {
            unsafe trail.append((key, place))
            unsafe next = position + 1
        }
        return place
    }

    /// The error for a key that does not stand for exactly one column.
    func absenceError(_ key: some CodingKey) -> any Error {
        columns.absenceError(naming.columnName(for: key.stringValue))
    }

    // MARK: Values

    @inline(__always)
    func value<Value: SQLDecodable>(at index: Int) throws -> Value {
        do {
            return unsafe try Value(cell: SQLCell(reader, at: offset + index))
        } catch {
            throw row.conversionError(error, to: Value.self, at: index)
        }
    }

    func isNull(at index: Int) -> Bool { unsafe reader[offset + index].kind == .null }

    func column(_ key: some CodingKey) throws -> ColumnDecoder { column(at: try index(of: key)) }

    func column(at index: Int) -> ColumnDecoder { ColumnDecoder(row: row, index: index) }

    /// A decoder of the present row, which stays with that row.
    var decoder: RowDecoder { unsafe RowDecoder(RowDecoding(columns, values, naming), offset: offset, number: number) }
}
