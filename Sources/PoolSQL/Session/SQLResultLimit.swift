/// The largest result that is collected in memory, as `query` and a batch do. A larger one is an error, and not the end
/// of the process: ``SQLResultLimitError``.
///
/// Each driver's configuration has a `resultLimit`; nil means no limit. A stream holds a few rows at a time, and has no
/// limit.
public struct SQLResultLimit: Sendable, Hashable {
    /// The most bytes that the values of a result may take, from 1 to 2^50: the bytes of its texts and blobs, and 16
    /// more for each value. The default, 1,100,000,000, has room for the largest single value that common databases
    /// take by default, which is 1 GiB.
    public let bytes: Int
    /// The most rows that a result may have, from 1 to 2^50. Nil, the default, is any number.
    public let rows: Int?

    /// Makes a limit. The configuration that gets the limit checks it.
    public init(bytes: Int = 1_100_000_000, rows: Int? = nil) {
        self.bytes = bytes
        self.rows = rows
    }
}

/// A result was larger than the configuration's `resultLimit`. The part of it that had come was freed.
///
/// The connection is usable, or replaced by a new one. Changes that the statement made outside a transaction are not
/// undone, or it is not known whether they are: see `resultLimit` of the driver's configuration.
public struct SQLResultLimitError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The limit that was passed.
    public let limit: SQLResultLimit
    /// The number of bytes that had come, counted as in ``SQLResultLimit/bytes``.
    public let bytes: Int
    /// The number of rows that had come; nil if the database's library was still collecting them.
    public let rows: Int?

    /// Reports a result that passed `limit` with this many bytes and rows.
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
    /// No process can hold as much as this.
    private static let most = 1 << 50

    /// Refuses limits that are out of bounds.
    ///
    /// - Parameter configuration: the name of the driver's configuration.
    /// - Throws: ``PoolConfigurationError`` if `bytes` or `rows` is not from 1 to 2^50.
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
extension SQLRowsBuilder {
    /// Checks the values collected so far against a limit. Call after each row, or after some.
    ///
    /// - Throws: ``SQLResultLimitError``.
    @inlinable
    @inline(__always)
    public func check(_ limit: SQLResultLimit?, columns: Int) throws {
        if let limit, passes(limit, columns, 0) { throw excess(limit, columns, 0) }
    }

    /// The error for values above `limit`, after other results of `earlierBytes` that count too; nil if they are within
    /// it.
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

    /// The number of bytes that count. A value without a cell of its own takes about 64 more.
    @inlinable
    var weight: Int { size &+ others.count &* 64 }

    @usableFromInline
    @inline(never)
    func excess(_ limit: SQLResultLimit, _ columns: Int, _ earlierBytes: Int) -> SQLResultLimitError {
        SQLResultLimitError(limit, bytes: weight + earlierBytes, rows: columns > 0 ? count / columns : 0)
    }
}
