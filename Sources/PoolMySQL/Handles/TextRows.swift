internal import CMariaDB
@_spi(Driver) internal import PoolSQL

/// The owner of a `MYSQL_RES` whose rows come from the server as they are asked for. Must end before its link is used
/// again.
@safe
final class TextRows {
    let columns: SQLColumns
    private let kinds: [ColumnKind]
    /// Freed by `mysql_free_result` in the deinitializer, which reads the rows that are left.
    private let result: UnsafeMutablePointer<MYSQL_RES>
    private let link: Link
    private(set) var isAtEnd = false

    init(owning result: UnsafeMutablePointer<MYSQL_RES>, of link: Link) {
        unsafe self.result = unsafe result
        self.link = link
        let count = unsafe Int(mysql_num_fields(result))
        // As many as `count`, because both are the result's own.
        let fields = unsafe UnsafeBufferPointer(start: mysql_fetch_fields(result), count: count)
        kinds = (0..<count).map { unsafe ColumnKind(of: fields[$0]) }
        columns = SQLColumns(names: (0..<count).map { unsafe FieldShape.name(of: fields[$0]) })
    }

    deinit {
        unsafe mysql_free_result(result)
    }

    /// Appends the next row's values. False at the end.
    func next(into rows: inout SQLRowsBuilder, _ zone: SessionZone) throws -> Bool {
        if isAtEnd { return false }
        guard let row = unsafe mysql_fetch_row(result) else {
            isAtEnd = true
            let error = link.error()
            if error.code.rawValue != 0 { throw error }
            return false
        }
        let lengths = unsafe mysql_fetch_lengths(result)
        for column in kinds.indices {
            guard let start = unsafe row[column], let lengths = unsafe lengths else {
                rows.appendNull()
                continue
            }
            // Within the row, because libmariadb has checked the length.
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: Int(lengths[column]))
            rows.append(unsafe TextDecoding.value(bytes, kinds[column], zone), in: zone)
        }
        return true
    }

    /// The values of all remaining rows, one after the other.
    func allValues(_ zone: SessionZone) throws -> [SQLValue] {
        var rows = SQLRowsBuilder()
        while try next(into: &rows, zone) {}
        return rows.take(columns).flatMap { Array($0.values) }
    }
}
