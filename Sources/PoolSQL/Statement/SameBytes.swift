extension String.UTF8View {
    /// Compares bytes, because Swift takes some strings with different characters for equal, and databases tell these
    /// apart.
    @_spi(Driver)
    @inlinable
    public func hasSameBytes(as other: Self) -> Bool {
        guard count == other.count else { return false }
        let result = unsafe withContiguousStorageIfAvailable { bytes in
            unsafe other.withContiguousStorageIfAvailable { others in
                // Uses of one literal in the source code have the same address.
                unsafe bytes.baseAddress == others.baseAddress
                    || UnsafeRawBufferPointer(bytes).hasSameBytes(as: UnsafeRawBufferPointer(others))
            }
        }
        return (result ?? nil) ?? elementsEqual(other)
    }
}

extension UnsafeRawBufferPointer {
    /// Compares the bytes, eight at a time. Both must have the same length.
    @_spi(Driver)
    @inlinable
    public func hasSameBytes(as other: Self) -> Bool {
        guard count >= 8 else { return unsafe elementsEqual(other) }
        var offset = 0
        while true {
            let one = unsafe loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let two = unsafe other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if one != two { return false }
            if offset == count - 8 { return true }
            // The last eight may overlap the eight before.
            offset = Swift.min(offset + 8, count - 8)
        }
    }
}
