/// The effects of a statement, as SQLite's compiler reports them to the authorizer during preparation, at no cost
/// when the statement runs.
struct StatementTraits: OptionSet {
    let rawValue: UInt8
    /// The statement changes what the next lease of the connection would find: a setting, an attached database, a
    /// temporary table. Also set for anything that is not known to keep the session unchanged.
    static let changesSession = Self(rawValue: 1)
    static let insertsRows = Self(rawValue: 2)
    static let updatesOrDeletesRows = Self(rawValue: 4)
    /// The statement creates, alters or drops something; SQLite then counts no rows.
    static let changesSchema = Self(rawValue: 8)

    /// The statement writes to the temporary database.
    static let writesTemporary = Self(rawValue: 16)
    /// The statement writes to a database other than the temporary one.
    static let writesElsewhere = Self(rawValue: 32)
    /// The statement reads the journal mode, which SQLite does not classify as reading.
    static let asksJournalMode = Self(rawValue: 64)

    /// The statement may work for long without polling the progress handler, so that only `sqlite3_interrupt` stops
    /// it: `count`, which may scan a whole table in one step, and pragmas, some of which check or copy the whole
    /// file.
    static let needsInterrupt = Self(rawValue: 128)

    var countsRows: Bool {
        !contains(.changesSchema) && !isDisjoint(with: [.insertsRows, .updatesOrDeletesRows])
    }
}
