/// What a statement's text says about what it does, as far as that can be seen without the server.
struct StatementTraits: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    /// It is not known to keep the session as it is: the next lease might see something that it has left there.
    static let mayChangeSession = Self(rawValue: 1)
    /// What it changes in the session stays until the session ends.
    static let cannotBeUndone = Self(rawValue: 2)
    /// It only reads: to stop it in the middle undoes nothing.
    static let onlyReads = Self(rawValue: 4)
    /// It may do more than read although it begins as if not.
    static let mayWrite = Self(rawValue: 8)
    /// It means something else where `standard_conforming_strings` is off.
    static let needsStandardStrings = Self(rawValue: 16)
    /// Names of tables and types may mean others after it.
    static let changesNames = Self(rawValue: 32)
    /// It is one query or one change of rows that calls no function but such as only compute: where it fails outside a
    /// transaction, it has done nothing. Where it ``onlyReads`` too, to run it twice does the same as to run it once.
    static let isPlain = Self(rawValue: 64)
    /// Data comes or goes apart from statements and results.
    static let copies = Self(rawValue: 128)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads one or several statements.
    init(of text: String) {
        var reader = StatementReader(text)
        self = reader.read()
    }

    /// True if the statement is known to keep the session as it is. Views, triggers, defaults, operators, casts, and
    /// functions that have the name of one of the server's own may do more than the text says.
    var keepsSession: Bool { !contains(.mayChangeSession) }
}
