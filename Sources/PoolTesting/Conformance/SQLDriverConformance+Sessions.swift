import PoolSQL

extension SQLDriverConformance {
    var sessionChecks: [ConformanceCheck] {
        [
            ConformanceCheck("a transaction that is open when its lease ends is never seen by the next") {
                try await withTable(1) { pool in
                    for value in 1...5 {
                        try await pool.withConnection { lease in
                            try await lease.execute("BEGIN")
                            try await lease.execute("INSERT INTO t VALUES (\(value))")
                        }
                        try await expectRows([], pool)
                        try await pool.withTransaction { transaction in
                            _ = try await transaction.query("SELECT 1")
                        }
                    }
                }
            },
            ConformanceCheck("no state of a session passes to the next lease") {
                for (change, probe) in subject.sessionChanges {
                    try await withPool(1) { pool in
                        for _ in 0..<3 {
                            try await pool.withConnection { try await $0.execute(SQL(raw: change)) }
                            let rows = try? await pool.query(SQL(raw: probe))
                            try expect(rows?.isEmpty ?? true, "the next lease sees the effect of \(change)")
                        }
                    }
                }
            },
            ConformanceCheck("a transaction that pool.execute() opens is refused and rolled back") {
                try await withTable(1) { pool in
                    for value in 1...3 {
                        let error = try await expectError("BEGIN without an end") { try await pool.execute("BEGIN") }
                        let code = (error as? PoolError)?.code
                        try expect(code == .transactionLeftOpen, "the error is \(error)")
                        try await pool.execute("INSERT INTO t VALUES (\(value))")
                    }
                    try await expectRows([1, 2, 3], pool)
                }
            },
            ConformanceCheck("a session with a tag is kept for who asks for the tag, and scrubbed for anybody else") {
                for (change, probe) in subject.sessionChanges {
                    try await withPool(1) { pool in
                        let options = AcquireOptions(tag: "changed")
                        try await pool.withConnection(options) { lease in
                            try await lease.execute(SQL(raw: change))
                            lease.tag = "changed"
                            try await lease.execute("BEGIN")
                        }
                        let isKept = try await pool.withConnection(options) { lease in
                            try expect(lease.tag == "changed", "the tag is \(lease.tag?.description ?? "none")")
                            try await lease.transaction { _ in }
                            return (try? await lease.query(SQL(raw: probe)).isEmpty) == false
                        }
                        try expect(isKept, "the tagged session has lost the effect of \(change)")
                        let rows = try? await pool.query(SQL(raw: probe))
                        try expect(rows?.isEmpty ?? true, "a lease without the tag sees the effect of \(change)")
                    }
                }
            },
            ConformanceCheck("a lease that changed nothing costs no reset") {
                try await withTable(1) { pool in
                    // Making the table may have counted as a change.
                    _ = try await pool.query("SELECT count(*) FROM t")
                    let before = pool.statistics.resets
                    for _ in 0..<10 {
                        _ = try await pool.query("SELECT count(*) FROM t")
                        try await pool.withTransaction { try await $0.execute("DELETE FROM t") }
                    }
                    let resets = pool.statistics.resets - before
                    try expect(resets == 0, "\(resets) resets for 20 leases that left nothing behind")
                }
            },
        ]
    }
}
