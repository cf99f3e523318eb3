/// Reads numbers in network byte order from the front of a value.
@safe
struct BinaryReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    /// True once more was read than there is. Values read then are zero, or too short.
    private(set) var isTooShort = false

    /// Makes a reader. `bytes` must stay valid while the reader is used.
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = unsafe bytes
    }

    var remaining: Int { unsafe bytes.count - offset }  // not negative, because no more is taken than there is.

    mutating func read<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard remaining >= size else {
            isTooShort = true
            return 0
        }
        defer { offset += size }  // fits, because so much remains.
        return Integer(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        if !(0...remaining).contains(count) { isTooShort = true }
        let count = max(0, min(count, remaining))
        defer { offset += count }  // fits, because so much remains.
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])  // because so much remains.
    }

    mutating func takeRest() -> UnsafeRawBufferPointer { unsafe take(remaining) }
}
