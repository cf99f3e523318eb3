/// A reference that is counted by hand: automatic counting would cost more than the rest of a lease.
///
/// Safe as long as its object lives: each holder either owns a count, or knows another owner.
@safe
@usableFromInline
struct ManualReference<Object: AnyObject & Sendable>: Sendable {
    @usableFromInline let unmanaged: Unmanaged<Object>

    /// Retains the object; balance with ``take()`` or ``release()``.
    @inlinable
    init(retaining object: Object) {
        unsafe unmanaged = .passRetained(object)
    }

    /// Borrows the object, which something else keeps alive.
    @inlinable
    init(borrowing object: Object) {
        unsafe unmanaged = .passUnretained(object)
    }

    /// Restores a reference from the ``address`` of one; nil for 0.
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

    /// The object with the count of this reference, which must not be used afterwards.
    func take() -> Object { unsafe unmanaged.takeRetainedValue() }

    @inlinable
    func release() { unsafe unmanaged.release() }
}
