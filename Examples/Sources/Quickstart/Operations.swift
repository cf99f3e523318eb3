import PoolSQL

/// The work of the load, each piece as an application would write it.
extension Load {
    func readOffset(ofZone zone: Int, at moment: Int64) async throws {
        let rows = try await pool.withConnection(.readOnly) { connection in
            try await connection.query(
                """
                SELECT utc_offset, abbreviation FROM transition
                WHERE zone_id = \(zone) AND at <= \(moment) ORDER BY at DESC LIMIT 1
                """
            )
            .decode((Int, String).self)
        }
        // Clocks on Earth are at most 14 hours ahead of UTC, and local mean time was never more than 16 behind.
        guard let (offset, _) = rows.first else { return }
        guard abs(offset) <= 16 * 3600 else { throw QuickstartError.unexpected("the offset \(offset)") }
    }

    func listZones(inCountryOfZone zone: Int) async throws {
        let zones = try await pool.withConnection(.readOnly) { connection in
            try await connection.query(
                """
                SELECT DISTINCT zone.name, country.name FROM zone_country AS here
                JOIN zone_country AS there ON there.country_code = here.country_code
                JOIN zone ON zone.id = there.zone_id
                JOIN country ON country.code = here.country_code
                WHERE here.zone_id = \(zone) ORDER BY zone.name
                """
            )
            .decode((String, String).self)
        }
        let name = data.zones[zone - 1].name
        guard zones.contains(where: { $0.0 == name }) else { throw QuickstartError.unexpected("no zone \(name)") }
    }

    func streamTransitions(ofZone zone: Int) async throws {
        let count = try await pool.withConnection(.readOnly) { connection in
            try await connection.stream("SELECT at, utc_offset FROM transition WHERE zone_id = \(zone) ORDER BY at") {
                rows in
                var count = 0
                while let row = try await rows.next() {
                    _ = try row.decode((Int64, Int).self)
                    count += 1
                }
                return count
            }
        }
        let expected = data.zones[zone - 1].transitions.count
        guard count == expected else { throw QuickstartError.unexpected("\(count) transitions, not \(expected)") }
    }

    /// Two reads in one transaction see one snapshot, whatever is committed between them.
    func readTwice(_ tally: inout Tally) async throws {
        let options = SQLTransactionOptions(isolation: .repeatableRead, access: .readOnly)
        let (whole, sum) = try await pool.withTransaction(options) { transaction in
            let whole = try await transaction.query(
                "SELECT value FROM quickstart_counter WHERE name = \(total)"
            ).decode(Int.self)
            let sum = try await transaction.query(
                "SELECT sum(value) FROM quickstart_counter WHERE name <> \(total)"
            ).decode(Int.self)
            return (whole, sum)
        }
        tally.checkedSnapshot(isConsistent: whole == sum)
    }

    /// Reads the counters and writes them back one higher, which loses updates if two transactions interleave.
    func recordVisit(of zone: String, at moment: Int64, task: Int) async throws {
        let own = part(of: task)
        try await pool.withTransaction { transaction in
            try await transaction.execute("INSERT INTO visit(zone, at) VALUES (\(zone), \(moment))")
            for name in [total, own] {
                let value = try await transaction.query(
                    "SELECT value FROM quickstart_counter WHERE name = \(name) \(raw: dialect.lockingClause)"
                ).decode(Int.self)
                guard let value = value.first else { throw QuickstartError.unexpected("no counter \(name)") }
                try await transaction.execute(
                    "UPDATE quickstart_counter SET value = \(value + 1) WHERE name = \(name)"
                )
            }
        }
    }

    func prepareCounters() async throws {
        try await pool.withTransaction { transaction in
            for name in [total] + (0..<parts).map(part(of:)) {
                try await transaction.execute(
                    """
                    INSERT INTO quickstart_counter(name, value) VALUES (\(name), 0) \(raw: dialect.keepingExisting)
                    """
                )
            }
        }
    }

    func counter() async throws -> Int {
        let values = try await pool.withConnection(.readOnly) { connection in
            try await connection.query("SELECT value FROM quickstart_counter WHERE name = \(total)").decode(
                Int.self)
        }
        guard let value = values.first else { throw QuickstartError.unexpected("no counter \(total)") }
        return value
    }
}

/// The counter that each write raises, and those of which it raises one: their sum is always the total.
private let total = "total"
private let parts = 16

private func part(of task: Int) -> String {
    "part \(task % parts)"
}
