public import Synchronization

/// Lets a connection keep the condition after its latest operation in an `Atomic`, and answer
/// ``DriverConnection/condition`` without a lock.
extension ConnectionCondition: AtomicRepresentable {
    /// The storage of an `Atomic` that holds a condition.
    public typealias AtomicRepresentation = UInt8.AtomicRepresentation

    /// Stores a condition in a byte.
    @inlinable
    public static func encodeAtomicRepresentation(_ condition: consuming Self) -> AtomicRepresentation {
        let number: UInt8 =
            switch condition {
            case .clean: 0
            case .dirty: 1
            case .broken: 2
            case .generationBroken: 3
            }
        return UInt8.encodeAtomicRepresentation(number)
    }

    /// Restores a condition from its byte.
    @inlinable
    public static func decodeAtomicRepresentation(_ representation: consuming AtomicRepresentation) -> Self {
        switch UInt8.decodeAtomicRepresentation(representation) {
        case 0: .clean
        case 1: .dirty
        case 3: .generationBroken
        default: .broken
        }
    }
}
