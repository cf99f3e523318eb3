/// The place and label of an acquire, which errors and ``Pool/holders()`` show.
@usableFromInline
struct LeaseOrigin: Sendable {
    let source: SourcePosition
    let label: String?

    @usableFromInline
    init(fileID: StaticString, line: UInt, label: String?) {
        self.init(source: SourcePosition(fileID, line: line), label: label)
    }

    init(source: SourcePosition, label: String?) {
        self.source = source
        self.label = label
    }

    static let none = LeaseOrigin(source: SourcePosition(file: 0, position: 0), label: nil)
}
