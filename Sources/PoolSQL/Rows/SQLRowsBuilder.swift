/// Collects the values of a result for a driver, row by row. Its memory becomes that of the ``SQLRows``.
@_spi(Driver)
public struct SQLRowsBuilder: ~Copyable {
    @usableFromInline var buffer = StoredValues.none.buffer
    @usableFromInline var capacity = 0
    /// The number of values.
    @usableFromInline var count = 0
    @usableFromInline var byteCount = 0
    /// The number of bytes that are free between cells and texts.
    @usableFromInline var room = 0
    private let expectedSize: Int
    @usableFromInline var others: [SQLValue] = []

    /// Makes an empty builder.
    ///
    /// - Parameter expectedSize: the number of bytes to begin with: ``size`` of an earlier result of the same
    ///   statement.
    public init(expectedSize: Int = 0) {
        self.expectedSize = min(max(expectedSize, Self.leastCapacity), Self.mostExpected)
    }

    private static var leastCapacity: Int { 128 }
    /// Limited, so that one large result does not make all later ones large.
    private static var mostExpected: Int { 1 << 18 }

    /// True if there is no value.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// The number of bytes that the values take.
    @inlinable
    public var size: Int { capacity - room }

    /// True if a number can be appended without more memory. A caller that checks this, and takes another path if it is
    /// false, appends without a call.
    @inlinable
    public var hasRoomForNumber: Bool { room >= MemoryLayout<StoredValues.Cell>.stride }

    // MARK: Appending

    /// Appends NULL.
    @inlinable
    public mutating func appendNull() { append(StoredValues.Cell(.null)) }

    /// Appends a whole number.
    @inlinable
    public mutating func append(_ value: Int64) {
        append(StoredValues.Cell(.int, payload: UInt64(bitPattern: value)))
    }

    /// Appends a floating number.
    @inlinable
    public mutating func append(_ value: Double) { append(StoredValues.Cell(.double, payload: value.bitPattern)) }

    /// Appends a truth value.
    @inlinable
    public mutating func append(_ value: Bool) { append(StoredValues.Cell(.bool, payload: value ? 1 : 0)) }

    /// Appends text in UTF-8; invalid UTF-8 is repaired.
    @inlinable
    public mutating func append(text: UnsafeRawBufferPointer) { unsafe append(text, .text) }

    /// Appends JSON in UTF-8; invalid UTF-8 is repaired.
    @inlinable
    public mutating func append(json: UnsafeRawBufferPointer) { unsafe append(json, .json) }

    /// Appends a text, which becomes bytes if it is not valid UTF-8.
    @inlinable
    public mutating func append(uncheckedText: UnsafeRawBufferPointer) { unsafe append(uncheckedText, .uncheckedText) }

    /// Appends JSON, which becomes bytes if it is not valid UTF-8.
    @inlinable
    public mutating func append(uncheckedJSON: UnsafeRawBufferPointer) { unsafe append(uncheckedJSON, .uncheckedJSON) }

    /// Appends bytes.
    @inlinable
    public mutating func append(bytes: UnsafeRawBufferPointer) { unsafe append(bytes, .bytes) }

    /// Appends a value of any kind.
    public mutating func append(_ value: SQLValue) {
        switch value {
        case .null: appendNull()
        case .bool(let value): append(value)
        case .int(let value): append(value)
        case .double(let value): append(value)
        case .text(var text): text.withUTF8 { unsafe append(UnsafeRawBufferPointer($0), .text) }
        case .json(var text): text.withUTF8 { unsafe append(UnsafeRawBufferPointer($0), .json) }
        case .bytes(let bytes): unsafe bytes.withUnsafeBytes { unsafe append($0, .bytes) }
        case .decimal, .date, .time, .timestamp, .zonedTimestamp, .uuid, .array, .invalid: append(other: value)
        }
    }

    @inlinable
    @inline(__always)
    mutating func append(_ cell: StoredValues.Cell) {
        // Growing is out of line, so that the rest calls nothing.
        if room < MemoryLayout<StoredValues.Cell>.stride { return grow(for: cell) }
        put(cell)
    }

    @usableFromInline
    @inline(never)
    mutating func grow(for cell: StoredValues.Cell) {
        grow(by: 0)
        put(cell)
    }

    @inlinable
    @inline(__always)
    mutating func put(_ cell: StoredValues.Cell) {
        room &-= MemoryLayout<StoredValues.Cell>.stride
        unsafe buffer.withUnsafeMutablePointerToElements { unsafe ($0 + count).initialize(to: cell) }
        count &+= 1
    }

    @inlinable
    mutating func append(_ bytes: UnsafeRawBufferPointer, _ kind: StoredValues.Kind) {
        let size = bytes.count
        if room &- MemoryLayout<StoredValues.Cell>.stride < size || size > Int(UInt32.max) {
            return unsafe grow(for: bytes, kind)
        }
        unsafe put(bytes, kind)
    }

    @usableFromInline
    @inline(never)
    mutating func grow(for bytes: UnsafeRawBufferPointer, _ kind: StoredValues.Kind) {
        if bytes.count > Int(UInt32.max) { return unsafe append(long: bytes, kind) }
        grow(by: bytes.count)
        unsafe put(bytes, kind)
    }

    @inlinable
    @inline(__always)
    mutating func put(_ bytes: UnsafeRawBufferPointer, _ kind: StoredValues.Kind) {
        let size = bytes.count
        byteCount &+= size
        if let start = bytes.baseAddress {
            unsafe buffer.withUnsafeMutablePointerToElements { cells in
                let place = unsafe UnsafeMutableRawPointer(cells) + (capacity &- byteCount)
                unsafe place.copyMemory(from: start, byteCount: size)
            }
        }
        room &-= size
        put(
            StoredValues.Cell(
                kind, count: UInt32(truncatingIfNeeded: size), payload: UInt64(truncatingIfNeeded: byteCount)))
    }

    /// Appends a timestamp of a session that is not in UTC. A cell of it says so: ``SQLCell/isLocalTimestamp``.
    public mutating func append(localTimestamp value: SQLTimestamp) {
        append(other: .timestamp(value), .localTimestamp)
    }

    private mutating func append(other value: SQLValue, _ kind: StoredValues.Kind = .other) {
        append(StoredValues.Cell(kind, payload: UInt64(others.count)))
        others.append(value)
    }

    /// Appends a text or bytes of 4 GiB and more, whose length does not fit into a cell.
    private mutating func append(long bytes: UnsafeRawBufferPointer, _ kind: StoredValues.Kind) {
        let text =
            switch kind {
            case .text, .json: unsafe String(decoding: bytes, as: UTF8.self)
            case .uncheckedText, .uncheckedJSON: unsafe String(validating: bytes, as: UTF8.self)
            case .null, .bool, .int, .double, .bytes, .other, .localTimestamp: nil
            } as String?
        guard let text else { return append(other: unsafe .bytes(Array(bytes))) }
        append(other: kind == .json || kind == .uncheckedJSON ? .json(text) : .text(text))
    }

    /// Makes room for one more cell and `more` bytes.
    private mutating func grow(by more: Int) {
        let needed = size + MemoryLayout<StoredValues.Cell>.stride + more
        if capacity > 0 { return resize(to: max(needed, capacity * 2)) }
        buffer = StoredValues.allocate(max(needed, expectedSize))
        capacity = buffer.header.capacity
        room = capacity
    }

    private mutating func resize(to wanted: Int) {
        let resized = StoredValues.allocate(wanted)
        let newCapacity = resized.header.capacity
        unsafe buffer.withUnsafeMutablePointerToElements { old in
            unsafe resized.withUnsafeMutablePointerToElements { new in
                unsafe new.update(from: old, count: count)
                unsafe (UnsafeMutableRawPointer(new) + (newCapacity - byteCount)).copyMemory(
                    from: UnsafeRawPointer(old) + (capacity - byteCount), byteCount: byteCount)
            }
        }
        (buffer, capacity, room) = (resized, newCapacity, room + newCapacity - capacity)
    }

    // MARK: The end

    /// Forgets all values, and keeps the memory for others.
    public mutating func removeAll() {
        (count, byteCount, room, others) = (0, 0, capacity, [])
    }

    /// The rows that were collected. Values appended afterwards belong to other rows.
    public mutating func take(_ columns: SQLColumns) -> SQLRows {
        if count == 0 { return SQLRows(columns: columns, values: .none, valueCount: 0) }
        // Memory for a much larger result would be kept as long as the rows are.
        if capacity > 4 * max(size, Self.leastCapacity) { resize(to: size) }
        if !others.isEmpty {
            buffer.header.others = others
            others = []
        }
        var taken = StoredValues.none.buffer
        swap(&taken, &buffer)
        let rows = SQLRows(columns: columns, values: StoredValues(taken), valueCount: count)
        (capacity, count, byteCount, room) = (0, 0, 0, 0)
        return rows
    }
}
