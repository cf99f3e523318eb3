internal import CMariaDB
internal import PoolSQL

/// The values of many runs of a statement, for one request. All values of a column have the same type, or are NULL.
@safe
final class BulkRows {
    private(set) var count = 0
    /// The approximate size of the request.
    private(set) var byteCount = 0
    private let columnCount: Int
    /// The encoded values of each row. The library's pointer refers to one of them at a time.
    private let buffers: [BindBuffer]
    private let isNull: UnsafeMutablePointer<CChar>
    private let isThere: UnsafeMutablePointer<CChar>

    /// Takes the first rows of `rows` that can be sent together: at most `limit` of them, and about `maximumBytes` at
    /// most.
    ///
    /// - Throws: ``MySQLError`` for values that the server has no type for, if the first row has one.
    init(_ rows: ArraySlice<[SQLValue]>, limit: Int, maximumBytes: Int, _ zone: SessionZone) throws {
        columnCount = rows.first?.count ?? 0
        var buffers: [BindBuffer] = []
        var types: [enum_field_types] = []
        for values in rows.prefix(limit) {
            let buffer = BindBuffer()
            do {
                try buffer.fill(values, zone)
            } catch {
                // A later row fails when its turn comes, after the rows before it have run.
                if buffers.isEmpty { throw error }
                break
            }
            let size = buffer.byteCount + values.count * 10
            guard values.count == columnCount, byteCount + size <= maximumBytes || buffers.isEmpty,
                buffer.agrees(with: &types)
            else { break }
            byteCount += size
            buffers.append(buffer)
        }
        self.buffers = buffers
        self.types = types
        count = buffers.count
        unsafe isNull = .allocate(capacity: 1)
        unsafe isNull.initialize(to: CChar(STMT_INDICATOR_NULL.rawValue))
        unsafe isThere = .allocate(capacity: 1)
        unsafe isThere.initialize(to: CChar(STMT_INDICATOR_NONE.rawValue))
    }

    deinit {
        unsafe isNull.deallocate()
        unsafe isThere.deallocate()
    }

    private let types: [enum_field_types]

    /// Calls `body` with binds that have the types of all rows.
    func withFirstBinds(_ body: (UnsafeMutablePointer<MYSQL_BIND>) throws -> Void) throws {
        try unsafe withUnsafeTemporaryAllocation(of: MYSQL_BIND.self, capacity: max(1, columnCount)) { binds in
            guard let start = binds.baseAddress else { return }
            for column in 0..<columnCount {
                unsafe (start + column).initialize(to: MYSQL_BIND())
                unsafe start[column].buffer_type = types[column]
            }
            try unsafe body(start)
        }
    }

    /// Fills in the values of a row; the types stay.
    func provide(_ row: Int, _ binds: UnsafeMutablePointer<MYSQL_BIND>) {
        let source = unsafe buffers[row].binds
        for column in 0..<columnCount {
            let isNullHere = unsafe source[column].buffer_type == MYSQL_TYPE_NULL
            unsafe binds[column].buffer = unsafe source[column].buffer
            unsafe binds[column].buffer_length = unsafe source[column].buffer_length
            unsafe cmariadb_set_indicator(binds + column, isNullHere ? isNull : isThere)
        }
    }
}

extension BindBuffer {
    /// False if a value's type differs from the type of its column so far. NULL agrees with each type.
    fileprivate func agrees(with types: inout [enum_field_types]) -> Bool {
        let own = (0..<valueCount).map { unsafe binds[$0].buffer_type }
        if types.isEmpty {
            types = own
            return true
        }
        for (index, type) in own.enumerated() where type != types[index] && type != MYSQL_TYPE_NULL {
            // A column that has held only NULL so far takes the first type that comes.
            if types[index] != MYSQL_TYPE_NULL { return false }
        }
        for (index, type) in own.enumerated() where types[index] == MYSQL_TYPE_NULL { types[index] = type }
        return true
    }
}
