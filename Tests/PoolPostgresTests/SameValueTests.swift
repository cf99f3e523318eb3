import Foundation
import Testing

@testable import PoolPostgres

extension TypeSample {
    /// Values that text and binary could tell differently, beside those of the other samples.
    static let hazards: [TypeSample] = [
        TypeSample("\"char\"", "", .text("")), TypeSample("\"char\"", "\\303", .text("\\303")),
        TypeSample("\"char\"", "\\377", .text("\\377")), TypeSample("\"char\"", "\u{7f}", .text("\u{7f}")),
        TypeSample("\"char\"[]", #"{"","\\303",NULL,a}"#, .array([.text(""), .text("\\303"), .null, .text("a")])),
        TypeSample("float8", "0.30000000000000004", .double(0.1 + 0.2)),
        TypeSample(
            "float8[]", "{0.30000000000000004,1.7976931348623157e308}",
            .array([.double(0.1 + 0.2), .double(.greatestFiniteMagnitude)])),
        TypeSample("float4", "1.1", .double(Double(Float(1.1)))), TypeSample("float4", "16777217", .double(16_777_216)),
        TypeSample(
            "xml", #"<?xml version="1.0" standalone="yes"?><a>é</a>"#,
            .text(#"<?xml version="1.0" standalone="yes"?><a>é</a>"#)),
        TypeSample("timestamptz", "294276-12-31 23:59:59.999999+00", .text("294276-12-31 23:59:59.999999+00")),
        TypeSample("timestamptz[]", #"{"294276-12-31 23:59:59+00"}"#, .array([.text("294276-12-31 23:59:59+00")])),
        TypeSample("bytea[]", #"{"\\x00ff27",NULL,"\\x"}"#, .array([.bytes([0, 255, 39]), .null, .bytes([])])),
        TypeSample("bool[]", "{t,f,NULL}", .array([.bool(true), .bool(false), .null])),
        TypeSample("name[]", "{a,\"b c\"}", .array([.text("a"), .text("b c")])),
        TypeSample("char(3)[]", "{ab}", .array([.text("ab ")])), TypeSample("xml[]", "{<a/>}", .array([.text("<a/>")])),
        TypeSample("time[]", "{24:00:00}", .array(SQLTime("24:00:00").map { [.time($0)] } ?? [])),
        TypeSample("timestamp[]", "{-infinity}", .array([.text("-infinity")])),
    ]
}

extension PostgresTests {
    /// A value may come in text or in binary, which is the driver's choice: nobody may tell from the value.
    @Suite("Text and binary on Postgres", .timeLimit(.minutes(4)))
    struct SameValueTests {
        private static let samples = TypeSample.all + TypeSample.hazards

        /// Settings that change the server's text of values. The first is the driver's own choice.
        static let settings: [[String: String]] = [
            [:],
            [
                "extra_float_digits": "-15", "DateStyle": "German, DMY", "IntervalStyle": "sql_standard",
                "bytea_output": "escape", "TimeZone": "Asia/Kathmandu",
            ],
            [
                "extra_float_digits": "0", "DateStyle": "SQL, MDY", "IntervalStyle": "iso_8601",
                "TimeZone": "America/St_Johns",
            ],
        ]

        /// A connection as a role that has the settings for its own.
        private func withRole(_ index: Int, _ body: (PostgresConnection) async throws -> Void) async throws {
            let server = try PrivatePostgres.shared.get()
            let role = "styled_\(index)_\(UInt32.random(in: 0...UInt32.max))"
            let administrator = try PrivatePostgres.administrator.get()
            try await administrator.execute("CREATE ROLE \(identifier: role) LOGIN SUPERUSER")
            for (name, value) in Self.settings[index] {
                try await administrator.execute(
                    "ALTER ROLE \(identifier: role) SET \(identifier: name) = '\(raw: value)'")
            }
            let result: Result<Void, any Error>
            do {
                try await withConnection(to: server.connection(user: role)) { _, connection in
                    try await body(connection)
                }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            try await administrator.execute("DROP ROLE \(identifier: role)")
            try result.get()
        }

        private func isSame(_ left: SQLValue?, _ right: SQLValue) -> Bool {
            guard let left, left == right || "\(right)".contains("nan") else { return false }
            return "\(left)".utf8.elementsEqual("\(right)".utf8)
        }

        private func literal(_ sample: TypeSample) -> SQL {
            SQL(raw: "'\(sample.text.replacing("'", with: "''"))'::\(sample.type)")
        }

        @Test("there is a sample of each type that the driver reads")
        func allTypes() async throws {
            try await withConnection { _, connection async throws in
                let types = try await connection.query("SELECT oid::int8, format_type(oid, NULL) FROM pg_type")
                    .decode((Int, String).self)
                let names = Set(
                    try await connection.query(
                        "SELECT DISTINCT to_regtype(t)::oid::int8 FROM unnest(\(Self.samples.map(\.type))::text[]) AS t"
                    ).decode(Int?.self).compactMap { $0 })
                for (type, name) in types where ColumnReader.readsBinary(UInt32(type)) {
                    // A pseudo-type has no values, and no text is of the type `unknown` any more.
                    if name == "void" || name == "unknown" { continue }
                    #expect(names.contains(type), "\(name)")
                }
            }
        }

        @Test(
            "the first run, later ones, a stream and a batch give the same value for each type, whatever the role's settings",
            arguments: settings.indices)
        func everyWay(index: Int) async throws {
            try await withRole(index) { connection async throws in
                for sample in Self.samples {
                    let isKnown = Self.isKnown(sample)
                    let statement = "SELECT " + literal(sample) + " AS value"
                    var found: [SQLValue] = []
                    for _ in 1...3 { found += try await connection.values(statement) }
                    // Beside a column that has no binary form here, all are text.
                    for _ in 1...2 {
                        found += try await connection.query("SELECT " + literal(sample) + ", inet '::1'").map {
                            $0.values[0]
                        }
                    }
                    let cursor = try await connection.open(statement + " FROM generate_series(1, 2)")
                    while let rows = try await cursor.next(maximumRows: 1) {
                        found += rows.flatMap { Array($0.values) }
                    }
                    let batch = try await connection.testBatch([
                        statement, "SELECT " + literal(sample) + ", \(1)::int8",
                    ])
                    found += try batch.map { try #require(try $0.get().first?.values.first) }
                    #expect(found.count == 9)
                    let expected = isKnown ? sample.value : try #require(found.first)
                    for (way, value) in found.enumerated() {
                        #expect(isSame(value, expected), "\(sample), way \(way): \("\(value)".prefix(200))")
                    }
                }
            }
        }

        /// False for types whose text, which is all that is read of them, follows the settings.
        private static func isKnown(_ sample: TypeSample) -> Bool {
            !["interval", "tstzrange", "timetz"].contains { sample.type.hasPrefix($0) }
        }

        @Test(
            "COPY writes all digits of a number and the ISO form of a day, whatever the role's settings",
            arguments: settings.indices)
        func copy(index: Int) async throws {
            try await withRole(index) { connection async throws in
                let numbers: SQL =
                    "SELECT 0.1::float8 + 0.2::float8, 1.7976931348623157e308::float8, 1.1::float4, date '2024-02-01'"
                let text = try await connection.testCopy("COPY (" + numbers + ") TO STDOUT")
                #expect(text == "0.30000000000000004\t1.7976931348623157e+308\t1.1\t2024-02-01\n")
            }
        }

        @Test("what a statement of the lease has set or reset changes no value", arguments: settings.indices)
        func resetInLease(index: Int) async throws {
            try await withRole(index) { connection async throws in
                let expected: [SQLValue] = [
                    .double(0.1 + 0.2), .double(.greatestFiniteMagnitude), .date(try #require(SQLDate("2024-02-01"))),
                ]
                let columns = "0.1::float8 + 0.2::float8, 1.7976931348623157e308::float8, date '2024-02-01'"
                var number = 0
                // Each time a new statement, so that there is a first run.
                func read() async throws {
                    number += 1
                    for _ in 1...3 {
                        #expect(
                            try await connection.values("SELECT \(raw: columns) -- \(raw: "\(number)")") == expected)
                    }
                    for _ in 1...3 {
                        let mixed = try await connection.values(
                            "SELECT \(raw: columns), inet '::1' -- \(raw: "\(number)")")
                        #expect(Array(mixed.prefix(3)) == expected)
                    }
                }
                try await read()
                for command in ["RESET ALL", "DISCARD ALL", "RESET extra_float_digits", "RESET DateStyle"] {
                    try await connection.executeScript(command)
                    try await read()
                }
                try await connection.transaction(.begin(SQLTransactionOptions()))
                try await connection.executeScript("RESET ALL; SAVEPOINT mine")
                try await read()
                try await connection.executeScript("ROLLBACK TO SAVEPOINT mine")
                try await read()
                try await connection.transaction(.rollback)
                try await read()
                // Where all columns have a binary form, nothing that the application sets shows.
                for command in [
                    "SET extra_float_digits = 0", "SET DateStyle = 'SQL, DMY'",
                    "SELECT set_config('extra_float_digits', '-5', false)",
                ] {
                    _ = try await connection.query(SQL(raw: command))
                    for run in 1...3 {
                        #expect(
                            try await connection.values("SELECT \(raw: columns) -- \(raw: command)") == expected,
                            "run \(run)")
                    }
                }
                try await connection.transaction(.begin(SQLTransactionOptions()))
                _ = try await connection.execute("SET LOCAL extra_float_digits = -15")
                for _ in 1...3 {
                    #expect(try await connection.values("SELECT \(raw: columns) -- local") == expected)
                }
                try await connection.transaction(.commit)
            }
        }
    }
}

extension PostgresConnection {
    /// All that a COPY to the client writes, as text.
    func testCopy(_ statement: SQL) async throws -> String {
        try await startCopy(statement, .toClient)
        var bytes: [UInt8] = []
        while let piece = try await readCopy() { bytes += piece }
        try await endCopyOut()
        return String(decoding: bytes, as: UTF8.self)
    }

    func testBatch(_ statements: [SQL]) async throws -> [Result<SQLRows, PostgresError>] {
        try await batch(statements, separately: false)
    }
}
