/// The way in which a column is read.
struct ColumnReader: Sendable, Hashable {
    let type: UInt32
    /// The kind of an array's elements, or of the value itself.
    let kind: ValueKind
    let layers: ArrayLayers
    var isArray: Bool { !layers.isEmpty }
    /// True if the values are texts.
    var isText: Bool { kind == .text && !isArray }

    /// Makes a reader. A type that neither the driver nor `catalog` knows is read as its text.
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

    /// False for types whose binary form the driver does not know: enums, ranges, networks, intervals, and arrays of
    /// them.
    static func readsBinary(_ type: UInt32) -> Bool {
        ValueKind(type: type) != nil || TypeID.elements[type] != nil
    }
}

/// The delimiters between the elements of an array; and, if these are of a domain whose values are arrays, between
/// their elements.
///
/// A few bytes without an allocation, because readers are used for each value.
struct ArrayLayers: Sendable, Hashable {
    /// The outermost layer's delimiter in the lowest byte.
    private var delimiters: UInt64 = 0

    /// Makes the layers of a value that is no array.
    init() {}

    /// The layers of an array of one of the server's own types that the driver knows.
    static let ofOwn: Self = {
        var layers = Self()
        _ = layers.append(UInt8(ascii: ","))
        return layers
    }()

    var isEmpty: Bool { delimiters == 0 }
    var delimiter: UInt8 { UInt8(truncatingIfNeeded: delimiters) }
    /// The layers of the elements.
    var inner: Self {
        var layers = self
        layers.delimiters >>= 8
        return layers
    }

    /// Adds an innermost layer. False if there is no room for it.
    mutating func append(_ delimiter: UInt8) -> Bool {
        let lastPlace: UInt64 = 56
        if delimiter == 0 || delimiters >> lastPlace != 0 { return false }
        var place: UInt64 = 0
        while delimiters >> place != 0 { place &+= 8 }
        delimiters |= UInt64(delimiter) << place
        return true
    }
}
