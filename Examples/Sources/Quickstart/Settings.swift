import Foundation

/// What the options ask for.
struct Settings: Sendable {
    let duration: Duration
    let tasks: Int
    let poolSize: Int
    let writers: Int
    /// Nil: a temporary folder that is removed at the end.
    let database: String?
    /// Nil: the standard folder of the system.
    let zoneInfo: String?

    var zoneInfoFolder: URL {
        let standard = TimeZoneData.standardFolders
        let found = standard.first { FileManager.default.fileExists(atPath: $0 + "/iso3166.tab") }
        return URL(fileURLWithPath: zoneInfo ?? found ?? standard[0], isDirectory: true)
    }
}

enum QuickstartError: Error, CustomStringConvertible {
    case foreignDatabase(tables: [String])
    case unexpected(String)

    var description: String {
        switch self {
        case .foreignDatabase(let tables):
            """
            the database holds tables of somebody else (\(tables.prefix(3).joined(separator: ", "))): \
            name a new file with --database.
            """
        case .unexpected(let what):
            "the database answered with \(what)"
        }
    }
}
