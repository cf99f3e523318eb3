/// The setup of a session: a set of properties, or a single name.
///
/// A lease that has set up its session for a purpose says so in ``Lease/tag``. The session is then kept as it is, and a
/// later acquire that asks for the same tag gets it, if it is idle, without setting it up again.
///
/// ```swift
/// try await pool.withConnection(AcquireOptions(tag: ["time_zone": "UTC", "language": "de"])) { connection in
///     try await connection.execute("INSERT INTO audit(note) VALUES (\("opened"))")
/// }
/// ```
public struct PoolSessionTag: Sendable, Hashable {
    struct Property: Hashable, Sendable {
        var name: String
        var value: String
    }

    /// Sorted by name; no name occurs twice.
    private let sorted: [Property]

    /// Makes a tag of properties.
    ///
    /// - Parameter properties: names and values; neither is interpreted by the pool.
    public init(_ properties: [String: String]) {
        sorted = properties.map(Property.init(name:value:)).sorted { $0.name < $1.name }
    }

    /// Reads `name=value;name=value`. A part without `=` is a name whose value is empty; of a name that occurs twice
    /// the last counts. A backslash before `;`, `=` or a backslash makes that an ordinary character.
    public init(_ text: String) {
        var reader = Reader()
        for scalar in text.unicodeScalars { reader.take(scalar) }
        self.init(reader.finish())
    }

    /// The names and values.
    public var properties: [String: String] {
        Dictionary(uniqueKeysWithValues: sorted.map { ($0.name, $0.value) })
    }

    /// The value of a property, or nil if the tag has none of this name.
    public subscript(name: String) -> String? {
        sorted.first { $0.name == name }?.value
    }

    var isEmpty: Bool { sorted.isEmpty }

    /// The number of properties to change to come from `other`, or from a fresh session, to this tag.
    func distance(from other: PoolSessionTag?) -> Int {
        let others = other?.sorted ?? []
        var (index, distance) = (0, 0)
        for property in sorted {
            while index < others.count, others[index].name < property.name {
                index += 1
                distance += 1
            }
            if index < others.count, others[index].name == property.name {
                if others[index].value != property.value { distance += 1 }
                index += 1
            } else {
                distance += 1
            }
        }
        return distance + others.count - index
    }
}

extension PoolSessionTag: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
    /// Reads a literal like ``init(_:)-(String)``.
    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// Makes a tag of names and values; of a name that occurs twice the last counts.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(Dictionary(elements) { _, last in last })
    }
}

extension PoolSessionTag: CustomStringConvertible {
    /// The tag in the form that ``init(_:)-(String)`` reads: two different tags have different descriptions.
    public var description: String {
        sorted.map { property in
            let name = Self.escaped(property.name, ";=\\")
            if property.value.isEmpty, !name.isEmpty { return name }
            return name + "=" + Self.escaped(property.value, ";\\")
        }.joined(separator: ";")
    }

    private static func escaped(_ text: String, _ special: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if special.unicodeScalars.contains(scalar) { result.append("\\") }
            result.append(scalar)
        }
        return String(result)
    }

    /// Reads a tag scalar by scalar, so that an accent after a semicolon does not hide the semicolon.
    private struct Reader {
        private var properties: [String: String] = [:]
        private var name = String.UnicodeScalarView()
        private var value: String.UnicodeScalarView?
        private var isEscaped = false

        mutating func take(_ scalar: Unicode.Scalar) {
            if isEscaped {
                if scalar != ";", scalar != "=", scalar != "\\" { append("\\") }
                append(scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else if scalar == ";" {
                endProperty()
            } else if scalar == "=", value == nil {
                value = String.UnicodeScalarView()
            } else {
                append(scalar)
            }
        }

        mutating func finish() -> [String: String] {
            if isEscaped { append("\\") }
            endProperty()
            return properties
        }

        private mutating func append(_ scalar: Unicode.Scalar) {
            if value == nil { name.append(scalar) } else { value?.append(scalar) }
        }

        private mutating func endProperty() {
            if !name.isEmpty || value != nil { properties[String(name)] = value.map { String($0) } ?? "" }
            (name, value) = (String.UnicodeScalarView(), nil)
        }
    }
}

/// The tag that an acquire asks for, and the substitutes that it accepts.
struct TagRequest: Hashable, Sendable {
    var tag: PoolSessionTag
    var match: PoolTagMatch
}
