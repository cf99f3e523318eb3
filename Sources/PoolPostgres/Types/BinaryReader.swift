/// Takes numbers in network byte order from the front of a value. Reads zeros where the value is too short.
@safe
struct BinaryReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// `bytes` must stay valid for as long as the reader is used.
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = unsafe bytes
    }

    var remaining: Int { unsafe bytes.count - offset }

    mutating func read<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard remaining >= size else {
            offset = unsafe bytes.count
            return 0
        }
        defer { offset += size }
        return Integer(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        let count = max(0, min(count, remaining))
        defer { offset += count }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    mutating func takeRest() -> UnsafeRawBufferPointer { unsafe take(remaining) }
}
