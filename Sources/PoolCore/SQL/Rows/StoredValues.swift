/// The values of a result in one piece of memory: from its front a cell for each value, and from its end backwards the
/// bytes of the texts. Places are counted from the end, so that they stay when the memory grows.
///
/// Most values are never looked at as a ``SQLValue``: they are decoded from where they lie.
@usableFromInline
struct StoredValues: @unchecked Sendable {  // … because nothing changes the buffer once rows have it.
    /// What lies where. Numbers need no more than their cell.
    @usableFromInline
    struct Cell: BitwiseCopyable {
        @usableFromInline let kind: Kind
        /// How many bytes a text has.
        @usableFromInline let count: UInt32
        /// The number's bits, or how far before the memory's end the bytes begin, or the place among the others.
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
        /// What is no UTF-8 in it is repaired when it is read.
        case text, json
        /// Turns out to be bytes when it is read, if it is no UTF-8.
        case uncheckedText, uncheckedJSON
        /// Kept as a ``SQLValue``.
        case other
    }

    @usableFromInline
    struct Header {
        /// In bytes.
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

    /// `capacity` is in bytes.
    @usableFromInline
    static func allocate(_ capacity: Int) -> Buffer {
        let cells = (capacity + MemoryLayout<Cell>.stride - 1) / MemoryLayout<Cell>.stride
        return Buffer.create(minimumCapacity: cells) { _ in
            Header(capacity: cells * MemoryLayout<Cell>.stride, others: [])
        }
    }

    /// Calls `body` with what the values can be read with while it runs.
    @inlinable
    @inline(__always)
    func withReader<Result>(_ body: (ValueReader) throws -> Result) rethrows -> Result {
        try unsafe buffer.withUnsafeMutablePointers { try unsafe body(ValueReader(header: $0, cells: $1)) }
    }

    func value(at place: Int) -> SQLValue { withReader { $0.value(at: place) } }
}

/// Reads the values that it was made for, which must outlive it: it holds no reference to them, because to count
/// references for each value takes longer than to read it.
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

    /// The cell at that place, which must be one.
    @inlinable
    subscript(place: Int) -> StoredValues.Cell { unsafe cells[place] }

    private func bytes(of cell: StoredValues.Cell) -> UnsafeBufferPointer<UInt8> {
        let end = unsafe UnsafeRawPointer(cells) + header.pointee.capacity
        let start = unsafe (end - Int(cell.payload)).assumingMemoryBound(to: UInt8.self)
        return unsafe UnsafeBufferPointer(start: start, count: Int(cell.count))
    }

    /// The text of a cell that has one; nil if it is no UTF-8, and nobody has said that it is.
    @usableFromInline
    func text(of cell: StoredValues.Cell) -> String? {
        let bytes = unsafe bytes(of: cell)
        let isUnchecked = cell.kind == .uncheckedText || cell.kind == .uncheckedJSON
        if !isUnchecked, bytes.count <= Self.shortCount { return unsafe Self.text(short: bytes) }
        // Most text is ASCII, which needs no other check.
        if unsafe Self.isASCII(bytes) { return unsafe Self.text(ascii: bytes) }
        if isUnchecked { return unsafe String(validating: bytes, as: UTF8.self) }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// A string of up to so many bytes needs no memory of its own.
    private static var shortCount: Int { 15 }

    /// It is written where it stays, and looked at there if it is not ASCII.
    @inline(__always)
    private static func text(short bytes: UnsafeBufferPointer<UInt8>) -> String {
        unsafe String(unsafeUninitializedCapacity: bytes.count) { text in
            if let start = bytes.baseAddress {
                unsafe text.baseAddress?.update(from: start, count: bytes.count)
            }
            return bytes.count
        }
    }

    /// Eight bytes at a time. What is left at the end of a longer text is looked at together with bytes before it.
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

    /// Without the look at each byte that a string takes elsewhere.
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
        case .other: return unsafe header.pointee.others[Int(cell.payload)]
        }
    }
}
