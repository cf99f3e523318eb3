internal import PoolSQL

/// A statement that an application wants to run.
struct StatementRequest: Sendable {
    let text: String
    var binds: [SQLValue] = []
    /// The sets of values, one for each run, instead of ``binds``; empty for a single run.
    var bindSets: [[SQLValue]] = []
    var dropsRows = false
    /// The number of rows at which the exchange pauses, for rows that arrive as they are taken; 0 for no pause.
    var rowLimit = 0

    var runs: Int { max(bindSets.count, 1) }
    var parameterCount: Int { bindSets.first?.count ?? binds.count }
    /// The most parameters of a statement that is described: libpq up to 15 drops the connection if there are more
    /// than 7,498.
    static let maximumDescribed = 7_000
    var isDescribable: Bool { parameterCount <= Self.maximumDescribed }
}
