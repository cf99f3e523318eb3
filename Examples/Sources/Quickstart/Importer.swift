import PoolSQL
import Synchronization

/// Writes the time-zone tables into a database, with several concurrent writers.
struct Importer<Driver: SQLDriver>: Sendable {
    let pool: Pool<Driver>
    let dialect: QuickstartDialect
    let data: TimeZoneData
    let writers: Int
    let interruption: Interruption

    /// Replaces what an earlier run left of the tables. Its counters and visits stay.
    func run(showing progress: ProgressLine) async throws -> ImportOutcome {
        let clock = ContinuousClock()
        let start = clock.now
        try await prepareSchema()
        let remaining = ZoneQueue(zones: data.zones)
        let total = data.transitionCount

        async let _ = progress.repeatedly {
            let (zones, rows) = remaining.finished
            return "import  \(zones.grouped) of \(data.zones.count.grouped) zones, "
                + "\(rows.grouped) of \(total.grouped) transitions"
        }
        let written = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<writers {
                group.addTask { try await importZones(from: remaining) }
            }
            return try await group.reduce(0, +)
        }
        return ImportOutcome(zones: remaining.finished.zones, transitions: written, duration: clock.now - start)
    }

    /// One writer: a zone after the other, each in a transaction of its own. Returns how many transitions it wrote.
    private func importZones(from queue: ZoneQueue) async throws -> Int {
        var written = 0
        while !interruption.isRequested, let (id, zone) = queue.next() {
            try await pool.withTransaction { transaction in
                try await transaction.execute(
                    """
                    INSERT INTO zone(id, name, latitude, longitude, comment)
                    VALUES (\(id), \(zone.name), \(zone.latitude), \(zone.longitude), \(zone.comment))
                    """
                )
                // One round trip for all rows, where there is a network between.
                try await transaction.executeBatch(
                    "INSERT INTO zone_country(zone_id, country_code) VALUES (\(.parameter), \(.parameter))",
                    zone.countryCodes.map { (id, $0) }
                )
                try await transaction.executeBatch(
                    """
                    INSERT INTO transition(zone_id, at, utc_offset, is_dst, abbreviation)
                    VALUES (\(.parameter), \(.parameter), \(.parameter), \(.parameter), \(.parameter))
                    """,
                    zone.transitions.map { (id, $0.at, $0.offset, $0.isDaylightSaving, $0.abbreviation) }
                )
            }
            written += zone.transitions.count
            queue.finish(transitions: zone.transitions.count)
        }
        return written
    }

    private func prepareSchema() async throws {
        try await pool.withConnection { connection in
            let tables = try await connection.query(dialect.tableNames).decode(String.self)
            guard tables.isEmpty || tables.contains("quickstart_counter") else {
                throw QuickstartError.foreignDatabase(tables: tables)
            }
            try await connection.executeScript(schema)
        }
        try await pool.withTransaction { transaction in
            for table in ["transition", "zone_country", "zone", "country"] {
                try await transaction.execute("DELETE FROM \(identifier: table)")
            }
            for country in data.countries {
                try await transaction.execute(
                    "INSERT INTO country(code, name) VALUES (\(country.code), \(country.name))"
                )
            }
        }
    }

    private var schema: String {
        """
        CREATE TABLE IF NOT EXISTS country(code \(dialect.keyType) PRIMARY KEY, name TEXT NOT NULL)\(dialect.keyedTable);
        CREATE TABLE IF NOT EXISTS zone(
            id BIGINT PRIMARY KEY, name \(dialect.keyType) NOT NULL UNIQUE, latitude DOUBLE PRECISION NOT NULL,
            longitude DOUBLE PRECISION NOT NULL, comment TEXT
        )\(dialect.keyedTable);
        CREATE TABLE IF NOT EXISTS zone_country(
            country_code \(dialect.keyType) NOT NULL REFERENCES country(code), zone_id BIGINT NOT NULL REFERENCES zone(id),
            PRIMARY KEY (country_code, zone_id)
        )\(dialect.keyedTable);
        CREATE TABLE IF NOT EXISTS transition(
            zone_id BIGINT NOT NULL REFERENCES zone(id), at BIGINT NOT NULL, utc_offset INTEGER NOT NULL,
            is_dst BOOLEAN NOT NULL, abbreviation TEXT NOT NULL,
            PRIMARY KEY (zone_id, at)
        )\(dialect.keyedTable);
        CREATE TABLE IF NOT EXISTS visit(zone TEXT NOT NULL, at BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS quickstart_counter(
            name \(dialect.keyType) PRIMARY KEY, value BIGINT NOT NULL
        )\(dialect.keyedTable);
        """
    }
}

/// What an import did.
struct ImportOutcome: Sendable {
    var zones = 0
    var transitions = 0
    let duration: Duration
}

/// Hands each zone to one writer, and counts what is done.
private final class ZoneQueue: Sendable {
    private struct State {
        var next = 0
        var finishedZones = 0
        var finishedTransitions = 0
    }

    private let zones: [TimeZoneData.Zone]
    private let state = Mutex(State())

    init(zones: [TimeZoneData.Zone]) {
        self.zones = zones
    }

    /// The next zone and its number in the database, or nil when all are taken.
    func next() -> (id: Int, zone: TimeZoneData.Zone)? {
        state.withLock { state in
            guard state.next < zones.count else { return nil }
            state.next += 1
            return (state.next, zones[state.next - 1])
        }
    }

    func finish(transitions: Int) {
        state.withLock { state in
            state.finishedZones += 1
            state.finishedTransitions += transitions
        }
    }

    var finished: (zones: Int, transitions: Int) {
        state.withLock { ($0.finishedZones, $0.finishedTransitions) }
    }
}
