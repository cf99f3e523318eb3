/// The state that the rows of one result share while they are decoded as a `Decodable` type.
@safe
@usableFromInline
final class RowDecoding {
    @usableFromInline let columns: SQLColumns
    @usableFromInline let values: StoredValues
    @usableFromInline let naming: SQLColumnNaming
    /// The source of the latest container, usually of the next row's too.
    @usableFromInline @exclusivity(unchecked) var latest: AnyObject?
    /// The type of the keys of `latest`.
    @usableFromInline @exclusivity(unchecked) var latestKeys: ObjectIdentifier?
    /// The sources for other key types: a type may have parts, or a superclass, that decode themselves from the same
    /// row.
    private var others: [ObjectIdentifier: AnyObject] = [:]

    @usableFromInline
    init(_ columns: SQLColumns, _ values: StoredValues, _ naming: SQLColumnNaming) {
        self.columns = columns
        self.values = values
        self.naming = naming
    }

    /// A container for a row. Making one takes longer than reading from it, so one of an earlier row is reused unless a
    /// copy of it was kept.
    @inlinable
    func container<Key: CodingKey>(
        keyedBy type: Key.Type, offset: Int, number: Int
    ) -> KeyedDecodingContainer<Key> {
        if unsafe latestKeys == ObjectIdentifier(type), let latest = unsafe latest {
            let source = unsafe unsafeDowncast(latest, to: RowContainerSource<Key>.self)
            if source.isFree {
                source.row.begin(offset: offset, number: number)
                return unsafe source.container
            }
        }
        return otherContainer(keyedBy: type, offset: offset, number: number)
    }

    @usableFromInline
    func otherContainer<Key: CodingKey>(
        keyedBy type: Key.Type, offset: Int, number: Int
    ) -> KeyedDecodingContainer<Key> {
        let keys = ObjectIdentifier(type)
        if let latestKeys = unsafe latestKeys, latestKeys != keys { others[latestKeys] = unsafe latest }
        let source: RowContainerSource<Key>
        if let other = others[keys] as? RowContainerSource<Key>, other.isFree {
            source = other
        } else {
            source = RowContainerSource(KeyedRow(columns, values, naming, keyedBy: type), keyedBy: type)
        }
        unsafe (latest, latestKeys) = (source, keys)
        source.row.begin(offset: offset, number: number)
        return unsafe source.container
    }
}

/// A container, together with the row that it reads.
@usableFromInline
final class RowContainerSource<Key: CodingKey> {
    @usableFromInline let row: KeyedRow
    @usableFromInline @exclusivity(unchecked) var container: KeyedDecodingContainer<Key>

    @usableFromInline
    init(_ row: KeyedRow, keyedBy type: Key.Type) {
        self.row = row
        unsafe container = KeyedDecodingContainer(RowContainer(row))
    }

    /// False if a copy of the container was kept: it must go on to read its own row.
    @inlinable
    var isFree: Bool {
        // The standard library's container is one reference to an object, which all its copies share.
        guard MemoryLayout<KeyedDecodingContainer<Key>>.size == MemoryLayout<AnyObject>.size else { return false }
        return unsafe withUnsafeMutablePointer(to: &container) { container in
            unsafe container.withMemoryRebound(to: AnyObject.self, capacity: 1) { object in
                unsafe isKnownUniquelyReferenced(&object.pointee)
            }
        }
    }
}
