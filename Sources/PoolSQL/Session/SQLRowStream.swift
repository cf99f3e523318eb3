/// The rows of a statement that is still running, one by one. See ``SQLSession/stream(_:batchSize:_:)``.
public struct SQLRowStream<Driver: SQLDriver>: ~Copyable, Sendable {
    private let cursor: Driver.Connection.Cursor
    private let batchSize: Int
    private var batch: SQLRows?
    private var position = 0
    private var rowsBefore = 0
    private var isAtEnd = false

    init(cursor: Driver.Connection.Cursor, batchSize: Int) {
        self.cursor = cursor
        self.batchSize = batchSize
    }

    /// The columns of all rows, known before the first row.
    public var columns: SQLColumns { cursor.columns }

    /// The next row, or nil at the end. After an error there are no more rows.
    ///
    /// - Throws: the driver's error, or `CancellationError`.
    public mutating func next() async throws -> SQLRow? {
        while !isAtEnd {
            if let batch, position < batch.count {
                defer { position += 1 }
                return batch[position]
            }
            try await fetch()
        }
        return nil
    }

    /// Guards against the one misuse that the compiler allows: `swap` of two streams would let each be used after its
    /// end.
    func requireStillOf(_ cursor: Driver.Connection.Cursor) {
        precondition(self.cursor === cursor, "A stream was swapped with another one.")
    }

    private mutating func fetch() async throws {
        rowsBefore += batch?.count ?? 0
        position = 0
        // Before the next batch is fetched, so that there are never two in memory.
        batch = nil
        isAtEnd = true
        guard let next = try await cursor.next(maximumRows: batchSize) else { return }
        batch = SQLRows(columns: next.columns, values: next.values, count: next.count, firstNumber: rowsBefore)
        isAtEnd = false
    }
}
