import PoolSQL

extension SQLDriverConformance {
    var valueChecks: [ConformanceCheck] {
        let kinds = ConformanceValueKind.allCases.compactMap { kind in
            subject.columnTypes[kind].map { (kind, $0) }
        }
        var checks = kinds.map { kind, type in
            ConformanceCheck("every value of kind \(kind) comes back as it was, and so does NULL") {
                try await withConnection { bench in try await roundTrip(kind.samples + [.null], type, bench) }
            }
        }
        if let type = subject.columnTypes[.text] {
            checks.append(
                ConformanceCheck("text with a zero byte comes back as it was, or is refused with a clear error") {
                    try await withConnection { bench in
                        try await optionalRoundTrip(.text("before\u{0}after"), type, bench)
                    }
                })
        }
        if let type = subject.columnTypes[.double] {
            checks.append(
                ConformanceCheck("infinities and NaN come back as they were, as NULL, or are refused") {
                    try await withConnection { bench in
                        for value in [Double.infinity, -.infinity, .nan] {
                            try await optionalRoundTrip(.double(value), type, bench)
                        }
                    }
                })
        }
        return checks
    }

    private func roundTrip(_ samples: [SQLValue], _ type: String, _ bench: Bench) async throws {
        let connection = bench.connection
        _ = try await connection.execute(
            "CREATE TABLE samples (id \(raw: integerType) PRIMARY KEY, value \(raw: type))")
        try await bench.settle()
        for (id, sample) in samples.enumerated() {
            _ = try await connection.execute("INSERT INTO samples(id, value) VALUES (\(id), \(sample))")
            let rows = try await connection.query("SELECT value FROM samples WHERE id = \(id)")
            try expect(rows.count == 1, "\(rows.count) rows for \(brief(sample))")
            try expect(
                try isSame(sample, as: rows[0]),
                "\(brief(sample)) comes back as \(brief(rows[0].values.first ?? .null))")
        }
        try await bench.expectHealthy(after: "storing values", mayHaveMessages: true)
    }

    private func optionalRoundTrip(_ sample: SQLValue, _ type: String, _ bench: Bench) async throws {
        let connection = bench.connection
        _ = try await connection.execute("CREATE TABLE IF NOT EXISTS odd (value \(raw: type))")
        try await bench.settle()
        _ = try await connection.execute("DELETE FROM odd")
        do {
            _ = try await connection.execute("INSERT INTO odd(value) VALUES (\(sample))")
        } catch {
            return try await bench.expectKept(error, after: "an odd value")
        }
        let rows = try await connection.query("SELECT value FROM odd")
        let value = rows.first?.values.first ?? .null
        let mayBeNull = if case .double = sample { value.isNull } else { false }
        try expect(try mayBeNull || isSame(sample, as: rows[0]), "\(brief(sample)) comes back as \(brief(value))")
    }

    private func brief(_ value: SQLValue) -> String {
        let text = "\(value)"
        return text.count > 200 ? text.prefix(200) + "…" : text
    }

    /// Compares as applications read: by the requested type, not by how the database stores the value.
    private func isSame(_ sample: SQLValue, as row: SQLRow) throws -> Bool {
        switch sample {
        case .null: row.values.first == .null
        case .bool(let value): try row[0, as: Bool.self] == value
        case .int(let value): try row[0, as: Int64.self] == value
        case .double(let value):
            try row[0, as: Double.self] == value || (value.isNaN && row[0, as: Double.self].isNaN)
        case .decimal(let value): try row[0, as: SQLDecimal.self] == value
        // Swift regards some strings with different bytes as equal; here the bytes must be the same.
        case .text(let value): try Array(row[0, as: String.self].utf8) == Array(value.utf8)
        case .bytes(let value): try row[0, as: [UInt8].self] == value
        case .date(let value): try row[0, as: SQLDate.self] == value
        case .time(let value): try row[0, as: SQLTime.self] == value
        case .timestamp(let value): try row[0, as: SQLTimestamp.self] == value
        case .zonedTimestamp(let value): try row[0, as: SQLZonedTimestamp.self] == value
        case .uuid(let value): try row[0, as: SQLUUID.self] == value
        // Databases may reformat JSON.
        case .json(let value): try row[0, as: SQLJSON.self].text.filter { $0 != " " } == value.filter { $0 != " " }
        case .array: row.values.first == sample
        // None of the samples is one.
        case .invalid: false
        }
    }
}

extension ConformanceValueKind {
    /// Ordinary values, and the ones that drivers get wrong.
    fileprivate var samples: [SQLValue] {
        switch self {
        case .bool: [.bool(true), .bool(false)]
        case .int: [0, 1, -1, 255, -32_769, 4_294_967_296, .max, .min, .max - 1, .min + 1].map { .int($0) }
        case .double:
            [0, 1.5, -1.5, 0.1, 1e-300, 123_456_789.123_456_78, .greatestFiniteMagnitude, .leastNormalMagnitude, .pi]
                .map { .double($0) }
        case .decimal:
            ["0", "1.10", "-0.000001", "12345678901234567890.12345678"].compactMap { SQLDecimal($0) }.map {
                .decimal($0)
            }
        case .text: textSamples.map { .text($0) }
        case .bytes:
            [[], [0], [0, 1, 0], Array(0...255), Array(repeating: 0xA5, count: 1_000_000)].map { .bytes($0) }
        case .date:
            ["1970-01-01", "2000-02-29", "1900-03-01", "9999-12-31"].compactMap { SQLDate($0) }.map { .date($0) }
        case .time:
            ["00:00:00", "23:59:59.999999", "12:34:56.000001"].compactMap { SQLTime($0) }.map { .time($0) }
        case .timestamp:
            ["1970-01-01 00:00:00", "2024-02-29 23:59:59.999999", "1999-12-31 12:00:00.5"].compactMap {
                SQLTimestamp($0)
            }
            .map { .timestamp($0) }
        case .zonedTimestamp:
            [0, 1, 1_700_000_000_123_456, 4_102_444_800_000_000].map {
                .zonedTimestamp(SQLZonedTimestamp(microsecondsSince1970: $0))
            }
        case .uuid:
            [
                "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
                "123e4567-e89b-12d3-a456-426614174000",
            ].compactMap { SQLUUID($0) }.map { .uuid($0) }
        case .json: ["{}", "[1, 2.5, null, true]", #"{"a": {"b": "ü\"x"}}"#, "null"].map { .json($0) }
        case .array: [.array([]), .array([.int(1), .int(-2), .int(3)])]
        }
    }

    private var textSamples: [String] {
        [
            "", " ", "plain", "it's \"quoted\" and `ticked`", "back\\slash, per%cent, under_score",
            "two\nlines\tand a tab",
            "ü e\u{301} é ß İ", "日本語 العربية עברית", "👩‍👩‍👧‍👦🏳️‍🌈", "'; DROP TABLE samples; --", "NULL", "0",
            String(repeating: "long ", count: 200_000),
        ]
    }
}
