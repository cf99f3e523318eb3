import PoolSQL

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
    var lease = try await pool.acquire()
    lease.discard(reason: "suspicious")
    lease.release()
}

func discardsALentLease(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        connection.discard(reason: "suspicious")
    }
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
    func count(_ connection: inout Lease<Driver>) async throws -> SQLRows {
        try await connection.query("SELECT count(*) FROM t")
    }
    _ = try await pool.withConnection { connection in
        try await count(&connection)
    }
}

func lendsToCodeForAnyDatabase(_ pool: Pool<some SQLDriver>) async throws {
    try await pool.withConnection { connection in
        try await rename(1, to: "Ada", in: &connection)
        try await connection.transaction { transaction in
            try await rename(2, to: "Grace", in: &transaction)
            try await transaction.transaction { savepoint in try await rename(3, to: "Edith", in: &savepoint) }
        }
    }
    var lease = try await pool.acquire()
    try await rename(4, to: "Barbara", in: &lease)
}

func rename(_ id: Int, to name: String, in session: inout some SQLSession & ~Copyable) async throws {
    try await session.execute("UPDATE users SET name = \(name) WHERE id = \(id)")
}

func lendsToAClosure(_ pool: Pool<some SQLDriver>) async throws {
    func twice<Driver>(
        _ lease: inout Lease<Driver>, _ work: (inout Lease<Driver>) async throws -> Void
    ) async throws {
        try await work(&lease)
        try await work(&lease)
    }
    try await pool.withConnection { connection in
        try await twice(&connection) { try await $0.execute("SELECT 1") }
    }
}

func lendsAStream(_ pool: Pool<some SQLDriver>) async throws -> Int {
    func sum(_ rows: inout SQLRowStream<some SQLDriver>) async throws -> Int {
        var total = 0
        while let row = try await rows.next() { total += try row[0, as: Int.self] }
        return total
    }
    return try await pool.withConnection { connection in
        try await connection.stream("SELECT amount FROM payments") { rows in try await sum(&rows) }
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

@MainActor
final class Model {
    var count = 0

    func count(_ pool: Pool<some SQLDriver>) async throws {
        try await pool.withConnection { connection in
            try await rename(1, to: "Ada", in: &connection)
            count = try await connection.query("SELECT 1").count
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
