/// The values of a result in one piece of memory: from its front a cell for each value, and from its end backwards the
/// bytes of the texts. Places are counted from the end, so that they stay when the memory grows.
///
/// Most values never become a ``SQLValue``: they are decoded directly from this memory.
@usableFromInline
struct StoredValues: @unchecked Sendable {  // … because nothing changes the buffer once rows have it.
    /// The kind and place of a value. Numbers need no more than their cell.
    @usableFromInline
    struct Cell: BitwiseCopyable {
        @usableFromInline let kind: Kind
        /// The number of bytes of a text.
        @usableFromInline let count: UInt32
        /// The bits of a number, or the distance of the bytes from the memory's end, or the index in `others`.
        @usableFromInline let payload: UInt64

        @inlinable
        init(_ kind: Kind, count: UInt32 = 0, payload: UInt64 = 0) {
            self.kind = kind
            self.count = count
            self.payload = payload
        }
    }

    @usableFromInline
    enum Kind: UInt8, BitwiseCopyable {
        case null, bool, int, double, bytes
        /// Text. Invalid UTF-8 in it is repaired when it is read.
        case text, json
        /// Text that turns out to be bytes when it is read, if it is not valid UTF-8.
        case uncheckedText, uncheckedJSON
        /// A value kept as a ``SQLValue``.
        case other
        /// A timestamp kept as a ``SQLValue``, of a session in another time zone than UTC.
        case localTimestamp
    }

    @usableFromInline
    struct Header {
        /// The capacity in bytes.
        @usableFromInline let capacity: Int
        @usableFromInline var others: [SQLValue]

        @inlinable
        init(capacity: Int, others: [SQLValue]) {
            self.capacity = capacity
            self.others = others
        }
    }

    @usableFromInline typealias Buffer = ManagedBuffer<Header, Cell>

    @usableFromInline let buffer: Buffer

    @inlinable
    init(_ buffer: Buffer) {
        self.buffer = buffer
    }

    @usableFromInline static let none = StoredValues(StoredValues.allocate(0))

    /// Makes a buffer. `capacity` is in bytes.
    @usableFromInline
    static func allocate(_ capacity: Int) -> Buffer {
        let cells = (capacity + MemoryLayout<Cell>.stride - 1) / MemoryLayout<Cell>.stride
        return Buffer.create(minimumCapacity: cells) { _ in
            Header(capacity: cells * MemoryLayout<Cell>.stride, others: [])
        }
    }

    /// Calls `body` with a reader of the values, which is valid while `body` runs.
    @inlinable
    @inline(__always)
    func withReader<Result>(_ body: (ValueReader) throws -> Result) rethrows -> Result {
        try unsafe buffer.withUnsafeMutablePointers { try unsafe body(ValueReader(header: $0, cells: $1)) }
    }

    func value(at place: Int) -> SQLValue { withReader { $0.value(at: place) } }
}

/// Reads values that must outlive it: a reader holds no reference to them, because counting references for each value
/// takes longer than reading it.
@usableFromInline
@safe
struct ValueReader {
    @usableFromInline let header: UnsafePointer<StoredValues.Header>
    @usableFromInline let cells: UnsafePointer<StoredValues.Cell>

    @inlinable
    init(header: UnsafePointer<StoredValues.Header>, cells: UnsafePointer<StoredValues.Cell>) {
        unsafe self.header = unsafe header
        unsafe self.cells = unsafe cells
    }

    /// The cell at `place`, which must be in use.
    @inlinable
    subscript(place: Int) -> StoredValues.Cell { unsafe cells[place] }

    private func bytes(of cell: StoredValues.Cell) -> UnsafeBufferPointer<UInt8> {
        let end = unsafe UnsafeRawPointer(cells) + header.pointee.capacity
        let start = unsafe (end - Int(cell.payload)).assumingMemoryBound(to: UInt8.self)
        return unsafe UnsafeBufferPointer(start: start, count: Int(cell.count))
    }

    /// The text of a cell that has one; nil if it is not valid UTF-8 and was not declared to be.
    @usableFromInline
    func text(of cell: StoredValues.Cell) -> String? {
        let bytes = unsafe bytes(of: cell)
        let isUnchecked = cell.kind == .uncheckedText || cell.kind == .uncheckedJSON
        if !isUnchecked, bytes.count <= Self.shortCount { return unsafe Self.text(short: bytes) }
        // Most text is ASCII, which needs no further check.
        if unsafe Self.isASCII(bytes) { return unsafe Self.text(ascii: bytes) }
        if isUnchecked { return unsafe String(validating: bytes, as: UTF8.self) }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// A string of up to this many bytes needs no memory of its own.
    private static var shortCount: Int { 15 }

    /// Makes a short string in its final place, where it is checked if it is not ASCII.
    @inline(__always)
    private static func text(short bytes: UnsafeBufferPointer<UInt8>) -> String {
        unsafe String(unsafeUninitializedCapacity: bytes.count) { text in
            if let start = bytes.baseAddress {
                unsafe text.baseAddress?.update(from: start, count: bytes.count)
            }
            return bytes.count
        }
    }

    /// Checks eight bytes at a time. The rest at the end of a longer text is checked together with bytes before it.
    @inline(__always)
    private static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        let width = MemoryLayout<UInt64>.size
        var bits: UInt64 = 0
        if raw.count < width {
            for index in 0..<raw.count { bits |= unsafe UInt64(raw[index]) }
        } else {
            let last = raw.count &- width
            var offset = 0
            while offset < last {
                bits |= unsafe raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                offset &+= width
            }
            bits |= unsafe raw.loadUnaligned(fromByteOffset: last, as: UInt64.self)
        }
        return bits & 0x8080_8080_8080_8080 == 0
    }

    /// Makes a string without the check of each byte that it takes elsewhere.
    @inline(__always)
    private static func text(ascii bytes: UnsafeBufferPointer<UInt8>) -> String {
        if bytes.count <= shortCount { return unsafe text(short: bytes) }
        if #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
            return unsafe String(copying: UTF8Span(unchecked: bytes.span, isKnownASCII: true))
        }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    @usableFromInline
    func value(at place: Int) -> SQLValue {
        let cell = self[place]
        switch cell.kind {
        case .null: return .null
        case .bool: return .bool(cell.payload != 0)
        case .int: return .int(Int64(bitPattern: cell.payload))
        case .double: return .double(Double(bitPattern: cell.payload))
        case .text, .uncheckedText: return unsafe text(of: cell).map { .text($0) } ?? .bytes(Array(bytes(of: cell)))
        case .json, .uncheckedJSON: return unsafe text(of: cell).map { .json($0) } ?? .bytes(Array(bytes(of: cell)))
        case .bytes: return unsafe .bytes(Array(bytes(of: cell)))
        case .other, .localTimestamp: return unsafe header.pointee.others[Int(cell.payload)]
        }
    }
}
