import Foundation
public import PoolSQL

/// The parts of the example's SQL that differ between databases.
public struct QuickstartDialect: Sendable {
    /// A query for the names of the tables that exist.
    let tableNames: SQL
    /// The end of the definition of a table that is kept in the order of its key.
    let keyedTable: String
    /// The type of a text that is a key.
    let keyType: String
    /// The end of an insert that changes nothing if the row is already there.
    let keepingExisting: String
    /// The end of a read in a transaction that will write the rows that it has read.
    let lockingClause: String

    public init(
        tableNames: SQL, keyedTable: String = "", keyType: String = "TEXT",
        keepingExisting: String = "ON CONFLICT DO NOTHING", lockingClause: String = ""
    ) {
        self.tableNames = tableNames
        self.keyedTable = keyedTable
        self.keyType = keyType
        self.keepingExisting = keepingExisting
        self.lockingClause = lockingClause
    }
}

enum QuickstartError: Error, CustomStringConvertible {
    case foreignDatabase(tables: [String])
    case unexpected(String)

    var description: String {
        switch self {
        case .foreignDatabase(let tables):
            """
            the database has tables that this example has not made (\(tables.prefix(3).joined(separator: ", "))): \
            name another database.
            """
        case .unexpected(let what):
            "the database answered with \(what)"
        }
    }
}
