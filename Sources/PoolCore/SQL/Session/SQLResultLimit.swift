/// How large a result may be that is collected in memory, as `query` and a batch do. A larger one is an error, and not
/// the end of the process: ``SQLResultLimitError``.
///
/// Each driver's configuration has a `resultLimit`; nil there is no limit. A stream holds a few rows at a time, and has
/// none.
public struct SQLResultLimit: Sendable, Hashable {
    /// How many bytes the values of a result may take, from 1 to 2^50: those of its texts and blobs, and 16 more for
    /// each value. The default, 1,100,000,000, has room for the largest single value that common databases take by
    /// default, which is 1 GiB.
    public let bytes: Int
    /// How many rows a result may have, from 1 to 2^50. Nil, the default, is any number.
    public let rows: Int?

    /// The configuration that gets the limit checks it.
    public init(bytes: Int = 1_100_000_000, rows: Int? = nil) {
        self.bytes = bytes
        self.rows = rows
    }
}

/// A result was larger than the configuration's `resultLimit`. What had come of it was freed.
///
/// The connection is usable, or replaced by a new one. What the statement wrote outside a transaction is not undone, or
/// it is not known whether it is: see `resultLimit` of the driver's configuration.
public struct SQLResultLimitError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The limit that was passed.
    public let limit: SQLResultLimit
    /// How many bytes had come, counted as in ``SQLResultLimit/bytes``.
    public let bytes: Int
    /// How many rows had come; nil where the database's library was still collecting them.
    public let rows: Int?

    @_spi(Driver)
    public init(_ limit: SQLResultLimit, bytes: Int, rows: Int?) {
        self.limit = limit
        self.bytes = bytes
        self.rows = rows
    }

    public var description: String {
        let rule = "\(limit.bytes) bytes" + (limit.rows.map { " or \($0) rows" } ?? "")
        let come = "\(bytes) bytes" + (rows.map { " in \($0) rows" } ?? "")
        return "The result is larger than resultLimit, \(rule): \(come) had come. "
            + "Read it with `stream`, which holds a few rows at a time, ask for less, or raise the configuration's resultLimit"
    }
}

@_spi(Driver)
extension SQLResultLimit {
    /// So much no process can hold.
    private static let most = 1 << 50

    /// Refuses numbers that no result can have.
    ///
    /// - Parameter configuration: The name of the driver's configuration.
    public static func check(_ limit: Self?, of configuration: String) throws(PoolConfigurationError) {
        guard let limit else { return }
        if !(1...most).contains(limit.bytes) || !(1...most).contains(limit.rows ?? 1) {
            throw PoolConfigurationError(
                property: "\(configuration).resultLimit", value: "\(limit)",
                rule: "bytes and rows must be from 1 to \(most)")
        }
    }
}

@_spi(Driver)
extension RowsBuilder {
    /// Call after each row, or after some.
    ///
    /// - Throws: ``SQLResultLimitError``.
    @inlinable
    @inline(__always)
    public func check(_ limit: SQLResultLimit?, columns: Int) throws {
        if let limit, passes(limit, columns, 0) { throw excess(limit, columns, 0) }
    }

    /// As ``check(_:columns:)``, after other results of `earlierBytes` that count too.
    public func excess(over limit: SQLResultLimit?, columns: Int, earlierBytes: Int) -> SQLResultLimitError? {
        guard let limit, passes(limit, columns, earlierBytes) else { return nil }
        return excess(limit, columns, earlierBytes)
    }

    @inlinable
    @inline(__always)
    func passes(_ limit: SQLResultLimit, _ columns: Int, _ earlierBytes: Int) -> Bool {
        if weight &+ earlierBytes > limit.bytes { return true }
        guard let rows = limit.rows else { return false }
        return columns > 0 && count / columns > rows
    }

    /// What the limit counts. Values that have no cell of their own take about so much more.
    @inlinable
    var weight: Int { size &+ others.count &* 64 }

    @usableFromInline
    @inline(never)
    func excess(_ limit: SQLResultLimit, _ columns: Int, _ earlierBytes: Int) -> SQLResultLimitError {
        SQLResultLimitError(limit, bytes: weight + earlierBytes, rows: columns > 0 ? count / columns : 0)
    }
}
