/// The effects of a statement, as far as its text shows them without the server.
struct StatementTraits: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    /// The statement is not known to keep the session unchanged: the next lease might see something that it has left.
    static let mayChangeSession = Self(rawValue: 1)
    /// The statement's change of the session stays until the session ends.
    static let cannotBeUndone = Self(rawValue: 2)
    /// The statement only reads: stopping it midway undoes nothing.
    static let onlyReads = Self(rawValue: 4)
    /// The statement may do more than read, although its beginning does not show it.
    static let mayWrite = Self(rawValue: 8)
    /// The statement means something else if `standard_conforming_strings` is off.
    static let needsStandardStrings = Self(rawValue: 16)
    /// Names of tables and types may mean others after the statement.
    static let changesNames = Self(rawValue: 32)
    /// The statement is one query or one change of rows that calls only functions that compute: if it fails outside a
    /// transaction, it has done nothing. If it also ``onlyReads``, running it twice is the same as running it once.
    static let isPlain = Self(rawValue: 64)
    /// The statement transfers data apart from statements and results.
    static let copies = Self(rawValue: 128)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads one or several statements.
    init(of text: String) {
        var reader = StatementReader(text)
        self = reader.read()
    }

    /// True if the statement is known to keep the session unchanged. Views, triggers, defaults, operators, casts, and
    /// functions with the name of a server function may do more than the text says.
    var keepsSession: Bool { !contains(.mayChangeSession) }
}
