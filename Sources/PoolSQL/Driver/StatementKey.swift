/// SQL text that is compared byte by byte. `String` compares by Unicode's canonical equivalence, under which two
/// statements with different literals can be equal.
@_spi(Driver)
public struct StatementKey: Hashable, Sendable {
    @usableFromInline var text: String

    /// Makes the key of `text`.
    @inlinable
    public init(_ text: String) {
        self.text = text
        self.text.makeContiguousUTF8()
    }

    /// True if both texts have the same bytes.
    @inlinable
    public static func == (left: Self, right: Self) -> Bool {
        left.text.utf8.hasSameBytes(as: right.text.utf8)
    }

    /// Hashes the bytes.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        let isHashed: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isHashed == nil { hasher.combine(text) }
    }
}
