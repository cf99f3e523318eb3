/// The statements that begin and end transactions: https://mariadb.com/kb/en/transactions/
enum TransactionWords {
    /// True if a statement with these first words begins a transaction.
    static func begins(_ start: [String]) -> Bool {
        switch start.first {
        case "begin": start.count == 1 || start == ["begin", "work"]
        case "start": start.count > 1 && start[1] == "transaction"
        case "commit", "rollback": zip(start, start.dropFirst()).contains { $0 == "and" && $1 == "chain" }
        default: false
        }
    }

    /// True for a statement that begins, marks or ends a transaction and does nothing else.
    static func isControl(_ outline: StatementOutline) -> Bool {
        let start = outline.start
        switch start.first {
        case "begin": return begins(start) && outline.isWordsOnly
        case "start": return begins(start) && !outline.hasUnknownCall
        case "commit": return outline.isWordsOnly && Set(start).isSubset(of: ["commit", "work", "and", "no", "chain"])
        case "rollback":
            if Set(start).isSubset(of: ["rollback", "work", "and", "no", "chain"]) { return outline.isWordsOnly }
            return start.dropFirst().first { $0 != "work" } == "to" && !outline.hasUnknownCall
        case "savepoint": return !outline.hasUnknownCall
        case "release": return start.dropFirst().first == "savepoint" && !outline.hasUnknownCall
        default: return false
        }
    }
}
