/// The parts of a statement's text that other dialects write differently, in order.
///
/// Most statements have only a few bind values near the start of the text. Their marks are kept in a word, so that such
/// a statement needs no memory for them.
struct SQLMarks: Sendable, Hashable {
    struct Mark: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            case bind
            case parameter
            case identifier(utf8Count: Int)
        }

        /// The offset in UTF-8, from the start of the text.
        var offset: Int
        var kind: Kind
    }

    private static let bitsOfOffset = 16
    private static let packedCapacity = UInt64.bitWidth / bitsOfOffset

    /// The offsets of bind values, the first in the lowest bits; in use while `list` is empty.
    private var packed: UInt64 = 0
    /// All marks, as soon as one of them does not fit into `packed`.
    private var list: [Mark] = []
    private(set) var count = 0
    /// The number of marks that are identifiers; all others are placeholders.
    private(set) var identifierCount = 0
    /// The number of marks that wait for their value.
    private(set) var openParameterCount = 0

    /// The number of bind values and open parameters.
    var placeholderCount: Int { count - identifierCount }

    subscript(index: Int) -> Mark {
        if !list.isEmpty { return list[index] }
        let offset = packed >> UInt64(index * Self.bitsOfOffset) & (1 << UInt64(Self.bitsOfOffset) - 1)
        return Mark(offset: Int(offset), kind: .bind)
    }

    mutating func reserveCapacity(_ capacity: Int) {
        if capacity > Self.packedCapacity { list.reserveCapacity(capacity) }
    }

    mutating func append(_ mark: Mark) {
        switch mark.kind {
        case .bind: break
        case .parameter: openParameterCount += 1
        case .identifier: identifierCount += 1
        }
        if list.isEmpty, mark.kind == .bind, count < Self.packedCapacity, mark.offset >> Self.bitsOfOffset == 0 {
            packed |= UInt64(mark.offset) << UInt64(count * Self.bitsOfOffset)
        } else {
            if list.isEmpty {
                let marks = (0..<count).map { self[$0] }
                list += marks
            }
            list.append(mark)
        }
        count += 1
    }

    /// The marks with bind values in the place of open parameters.
    var withClosedParameters: SQLMarks {
        var closed = SQLMarks()
        closed.reserveCapacity(count)
        for index in 0..<count {
            var mark = self[index]
            if mark.kind == .parameter { mark.kind = .bind }
            closed.append(mark)
        }
        return closed
    }
}
