/// How a column is read.
struct ColumnReader: Sendable, Hashable {
    let type: UInt32
    /// The kind of an array's elements, or of the value itself.
    let kind: ValueKind
    let layers: ArrayLayers
    var isArray: Bool { !layers.isEmpty }
    /// True if the values are texts.
    var isText: Bool { kind == .text && !isArray }

    /// For a type that neither the driver nor `catalog` knows: its text.
    init(type: UInt32, _ catalog: TypeCatalog = TypeCatalog()) {
        self.type = type
        if let kind = ValueKind(type: type) {
            (self.kind, layers) = (kind, ArrayLayers())
        } else if let kind = TypeID.elements[type].flatMap({ ValueKind(type: $0) }) {
            (self.kind, layers) = (kind, .ofOwn)
        } else {
            (kind, layers) = catalog.meaning(of: type) ?? (.text, ArrayLayers())
        }
    }

    /// False for types whose binary form only their own functions know: enums, ranges, networks, intervals, and arrays
    /// of them.
    static func readsBinary(_ type: UInt32) -> Bool {
        ValueKind(type: type) != nil || TypeID.elements[type] != nil
    }
}

/// What stands between the elements of an array; and, where these are of a domain whose values are arrays, between
/// theirs.
///
/// A few bytes without memory of their own: readers are looked at for each value.
struct ArrayLayers: Sendable, Hashable {
    /// The outermost layer's delimiter in the lowest byte.
    private var delimiters: UInt64 = 0

    /// No array.
    init() {}

    /// An array of one of the server's own types that the driver knows.
    static let ofOwn: Self = {
        var layers = Self()
        _ = layers.append(UInt8(ascii: ","))
        return layers
    }()

    var isEmpty: Bool { delimiters == 0 }
    var delimiter: UInt8 { UInt8(truncatingIfNeeded: delimiters) }
    /// What the elements are arrays of.
    var inner: Self {
        var layers = self
        layers.delimiters >>= 8
        return layers
    }

    /// Adds a layer within the others. False if there is no place for it.
    mutating func append(_ delimiter: UInt8) -> Bool {
        let lastPlace: UInt64 = 56
        if delimiter == 0 || delimiters >> lastPlace != 0 { return false }
        var place: UInt64 = 0
        while delimiters >> place != 0 { place &+= 8 }
        delimiters |= UInt64(delimiter) << place
        return true
    }
}
