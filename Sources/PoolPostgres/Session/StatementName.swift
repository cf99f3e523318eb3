/// The name under which the server keeps a statement, derived from its meaning: its text, the types of its
/// parameters, and its columns.
///
/// A pooler may give a session of the driver another server session with each transaction, in which another client
/// may have used the name for another statement. A derived name cannot run a wrong statement: a statement of that
/// name is this one, or is missing. Nor does the name find a statement whose columns have changed since, which the
/// server would refuse to run.
struct StatementName: Sendable {
    let text: String
    let shape: StatementShape

    /// - Parameters:
    ///   - statement: The statement's text.
    ///   - shape: The server's description of the statement.
    init(of statement: String, _ shape: StatementShape) {
        var digest = SHA256()
        func add(_ number: UInt32) {
            digest.update([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) })
        }
        // Each list follows its length, so that different statements have different digests.
        add(UInt32(truncatingIfNeeded: shape.parameterTypes.count))
        for type in shape.parameterTypes { add(type) }
        add(UInt32(truncatingIfNeeded: shape.readers.count))
        for reader in shape.readers { add(reader.type) }
        digest.update(shape.names.lazy.map { UInt8(bitPattern: $0) })
        digest.update(statement.utf8)
        // 192 bits. The server keeps at most 63 characters of a name.
        let digits = Array("0123456789abcdef".utf8)
        let name = digest.finish().prefix(24).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        text = "pool_" + String(decoding: name, as: UTF8.self)
        self.shape = shape
    }
}
