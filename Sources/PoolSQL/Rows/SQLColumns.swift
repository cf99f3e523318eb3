internal import Synchronization

/// The columns of a result, shared by all its rows.
public final class SQLColumns: Sendable {
    /// The names in the order of the result. A name may occur twice.
    public let names: [String]

    /// The database's type of each column, in the order of ``names``; empty if a driver does not report types. On
    /// Postgres these are the OIDs of `pg_type`.
    public let typeIDs: [UInt32]

    /// Made when first needed: most results are read by position or have few columns.
    private let index = AtomicLazyReference<Index>()

    /// Makes columns of `names` in the order of the result, and a type for each of them or for none.
    public init(names: [String], typeIDs: [UInt32] = []) {
        precondition(
            typeIDs.isEmpty || typeIDs.count == names.count,
            "bug in the driver: \(typeIDs.count) types for \(names.count) columns")
        self.names = names
        self.typeIDs = typeIDs
    }

    /// The number of columns.
    @inlinable
    public var count: Int { names.count }

    /// The index of the column with this name; case matters.
    ///
    /// Takes the same time however many columns there are.
    ///
    /// - Throws: ``SQLDecodingError`` with ``SQLDecodingError/Code/noSuchColumn`` or
    ///   ``SQLDecodingError/Code/ambiguousColumn``.
    public func index(of name: String) throws -> Int {
        if case .at(let index) = find(name) { return index }
        throw absenceError(name)
    }

    /// The error for a name that does not stand for exactly one column.
    func absenceError(_ name: String) -> any Error {
        find(name) == .ambiguous ? SQLDecodingError.ambiguousColumn(name) : .noSuchColumn(name, in: names)
    }

    @usableFromInline
    enum Place: Sendable, Hashable {
        case at(Int)
        case nowhere
        case ambiguous
    }

    func find(_ name: String) -> Place {
        // Comparing a few names is faster than hashing one.
        if names.count <= 8 { return scan(for: name) }
        return (index.load() ?? index.storeIfNil(Index(names))).places[name] ?? .nowhere
    }

    private func scan(for name: String) -> Place {
        var place = Place.nowhere
        for index in names.indices where names[index] == name {
            guard place == .nowhere else { return .ambiguous }
            place = .at(index)
        }
        return place
    }

    private final class Index: Sendable {
        let places: [String: Place]

        init(_ names: [String]) {
            let pairs = names.enumerated().map { ($0.element, Place.at($0.offset)) }
            places = Dictionary(pairs) { _, _ in .ambiguous }
        }
    }
}
