import PoolCore

// The positive control: what the other snippets do wrong, done right. It must compile, or their errors prove nothing.

func usesAndReturns(_ pool: Pool<some SQLDriver>) async throws {
    _ = try await pool.withConnection { connection in
        try await connection.query("SELECT 1")
    }
}

func releasesEarly(_ pool: Pool<some SQLDriver>) async throws {
    var lease = try await pool.acquire()
    try await lease.execute("SELECT 1")
    lease.release()
}

func discards(_ pool: Pool<some SQLDriver>) async throws {
    let lease = try await pool.acquire()
    lease.discard(reason: "suspicious")
}

func letsTheLeaseEndByItself(_ pool: Pool<some SQLDriver>) async throws {
    var lease = try await pool.acquire()
    try await lease.execute("SELECT 1")
}

func handsOver<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws {
    func finish(_ lease: consuming Lease<Driver>) async throws {
        try await lease.execute("SELECT 1")
    }
    try await finish(try await pool.acquire())
}

func lendsToAFunction<Driver: SQLDriver>(_ pool: Pool<Driver>) async throws {
    func count(_ connection: inout Lease<Driver>) async throws -> Rows {
        try await connection.query("SELECT count(*) FROM t")
    }
    _ = try await pool.withConnection { connection in
        try await count(&connection)
    }
}

func runsATransactionAndGoesOn(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        try await connection.transaction { transaction in
            try await transaction.execute("DELETE FROM t")
            try await transaction.transaction { savepoint in
                try await savepoint.execute("DELETE FROM u")
            }
            try await transaction.execute("DELETE FROM v")
        }
        try await connection.execute("SELECT 1")
    }
}

func streams(_ pool: Pool<some SQLDriver>) async throws -> Int {
    try await pool.withConnection { connection in
        try await connection.stream("SELECT 1") { rows in
            var count = 0
            while try await rows.next() != nil { count += 1 }
            return count
        }
    }
}

actor Ledger {
    var entries = 0

    func record(_ pool: Pool<some SQLDriver>) async throws {
        try await pool.withTransaction { transaction in
            entries += try await transaction.query("SELECT 1").count
        }
    }
}
