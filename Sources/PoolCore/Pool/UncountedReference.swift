/// A reference that is counted by hand, because to count it each time costs more than the rest of a lease.
///
/// It is safe as long as its object lives: whoever has one either owns a count, or knows who does.
@safe
@usableFromInline
struct UncountedReference<Object: AnyObject & Sendable>: Sendable {
    @usableFromInline let unmanaged: Unmanaged<Object>

    /// With a count, which ``take()`` or ``release()`` ends.
    @inlinable
    init(counting object: Object) {
        unsafe unmanaged = .passRetained(object)
    }

    /// Somebody else keeps the object alive.
    @inlinable
    init(toLiving object: Object) {
        unsafe unmanaged = .passUnretained(object)
    }

    /// The reference that ``address`` was asked of, or another one to that object.
    @inlinable
    init?(address: UInt) {
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: address) else { return nil }
        unsafe unmanaged = .fromOpaque(pointer)
    }

    @inlinable var address: UInt { unsafe UInt(bitPattern: unmanaged.toOpaque()) }

    /// The object, counted for as long as it is in use.
    @inlinable var object: Object { unsafe unmanaged.takeUnretainedValue() }

    @inlinable
    func withObject<Result>(_ body: (Object) throws -> Result) rethrows -> Result {
        try unsafe unmanaged._withUnsafeGuaranteedRef(body)
    }

    /// The object with the count of this reference, which must not be used any more.
    func take() -> Object { unsafe unmanaged.takeRetainedValue() }

    @inlinable
    func release() { unsafe unmanaged.release() }
}
