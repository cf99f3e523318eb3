import Foundation
public import PoolSQL

/// Where databases differ: what the example cannot say in SQL that all of them take.
public struct QuickstartDialect: Sendable {
    /// The names of the tables that are there.
    let tableNames: SQL
    /// Ends the definition of a table that is kept in the order of its key.
    let keyedTable: String
    /// The type of a text that is a key.
    let keyType: String
    /// Ends an insert that leaves a row as it is which is there already.
    let keepingExisting: String
    /// Ends a read in a transaction that is going to write what it has read.
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
            the database holds tables of somebody else (\(tables.prefix(3).joined(separator: ", "))): \
            name another one.
            """
        case .unexpected(let what):
            "the database answered with \(what)"
        }
    }
}
