/// What each task does again and again, on any database. The tables are `item`, with rows of a key and a name, and
/// `record`, with 1,000 rows of four columns.
package enum Work: String, Codable, CaseIterable, Sendable {
    case selectOne = "select1"
    case point
    case rows
    case batch
    case mixed
    case storm
    /// As a point select, once on each of many connections.
    case memory

    package var title: String {
        switch self {
        case .selectOne: "SELECT 1"
        case .point: "point select"
        case .rows: "1,000 rows of 4 columns"
        case .batch: "point selects, 100 in a lease"
        case .mixed: "nine point selects and an update"
        case .storm: "all tasks at once on a cold pool of 8"
        case .memory: "memory of 64 open connections"
        }
    }

    /// The text with its placeholder, for those who take it so.
    package func text(placeholder: String) -> String {
        switch self {
        case .selectOne, .storm: "SELECT 1"
        case .point, .batch, .mixed, .memory: "SELECT id, name FROM item WHERE id = \(placeholder)"
        case .rows: "SELECT id, total, name, ratio FROM record"
        }
    }

    package func load(tasks: Int, seconds: Double) -> Load {
        Load(tasks: tasks, operationsPerCall: self == .batch ? 100 : 1, seconds: seconds)
    }

    /// The keys of `item` are 1 to this.
    package static let keys = 100_000
}
