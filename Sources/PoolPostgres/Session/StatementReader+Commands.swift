@_spi(Driver) internal import PoolSQL

extension StatementReader {
    /// Reads the first word of a statement.
    mutating func readCommand(_ word: String) {
        previous = .word(word)
        switch word {
        case "select", "values", "table": traits.insert(.onlyReads)
        case "with": beginWithList()
        case "insert", "merge": noteWrite()
        case "update":
            noteWrite()
            readTarget()
        case "delete":
            noteWrite()
            if lexer.following() == .word("from") {
                _ = lexer.next()
                readTarget()
            }
        case "copy":
            traits.formUnion([.onlyReads, .copies])
            noteWrite()
            readTarget()
        case "explain": readExplain()
        case "begin", "commit", "end", "rollback", "abort", "savepoint", "release", "show", "fetch", "move", "close",
            "lock", "notify", "truncate":
            noteNoQuery()
        case "start" where lexer.following() == .word("transaction"): noteNoQuery()
        case "set":
            noteNoQuery()
            readSetting()
        default: readOther(word)
        }
    }

    /// Reads statements that change the session, or that the driver does not know.
    private mutating func readOther(_ word: String) {
        noteNoQuery()
        noteChange()
        switch word {
        case "create", "drop", "alter", "comment", "grant", "revoke", "vacuum", "analyze", "cluster", "reindex",
            "refresh", "start", "checkpoint", "import", "security", "reassign", "prepare", "deallocate", "listen",
            "unlisten", "declare":
            break
        case "load": traits.insert(.cannotBeUndone)
        // CALL and DO, RESET, DISCARD, EXECUTE, and unknown statements.
        default: traits.insert(.changesNames)
        }
    }

    /// Reads an EXPLAIN. With ANALYZE, the statement is run.
    private mutating func readExplain() {
        noteNoQuery()
        if lexer.isNext("(") {
            while !lexer.isNext(")"), let token = lexer.following(), token != .endOfStatement {
                _ = lexer.next()
            }
            _ = lexer.next()
        }
        while case .word(let word)? = lexer.following() {
            _ = lexer.next()
            switch word {
            case "analyze", "analyse", "verbose": continue
            case "select", "values", "table", "with", "insert", "update", "delete", "merge": return readCommand(word)
            default: return noteChange()
            }
        }
        noteChange()
    }

    /// Reads the rest of a SET. LOCAL, TRANSACTION and CONSTRAINTS are keywords only if no dot and no value follows,
    /// and then last no longer than the transaction.
    private mutating func readSetting() {
        guard let first = lexer.following(), first != .endOfStatement else { return noteChange() }
        _ = lexer.next()
        let second = lexer.following()
        previous = first
        switch (first, second) {
        case (.word("transaction"), .word(let word)?) where word != "to": return
        case (.word("constraints"), .word(let word)?) where word != "to": return
        case (.word("constraints"), .quoted?): return
        case (.word("local"), .word(let name)?), (.word("local"), .quoted(let name)?):
            _ = lexer.next()
            return readLocalSetting(name)
        default: noteChange()
        }
        switch first == .word("session") ? second : first {
        case .word(let name), .quoted(let name): noteSetting(name)
        default: break
        }
    }

    private mutating func readLocalSetting(_ name: String) {
        noteSetting(name)
        switch name.lowercased() {
        // Until the transaction ends, names and ends of strings would mean something else than this type assumes.
        case "to", "search_path", "schema", "session", "standard_conforming_strings", "names", "client_encoding":
            noteChange()
        default: break
        }
    }

    private mutating func noteSetting(_ name: String) {
        let deciding = ["search_path", "schema", "role", "authorization", "session_authorization"]
        if deciding.contains(name.lowercased()) { traits.insert(.changesNames) }
    }
}
