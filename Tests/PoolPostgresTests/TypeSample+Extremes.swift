import PoolSQL

extension TypeSample {
    /// The first, the last and the oddest values of the types, as the server's manual has them.
    /// https://www.postgresql.org/docs/current/datatype.html
    static let extremes: [TypeSample] = floats + longDecimals + longTexts + days + otherTexts + nested

    private static let floats: [TypeSample] = [
        TypeSample("float4", "NaN", .double(.nan)), TypeSample("float4", "-0", .double(-0.0)),
        TypeSample("float4", "-Infinity", .double(-.infinity)),
        TypeSample("float4", "3.4028235e38", .double(Double(Float.greatestFiniteMagnitude))),
        TypeSample("float4", "1e-45", .double(Double(Float.leastNonzeroMagnitude))),
        TypeSample("float4", "1.1754944e-38", .double(Double(Float.leastNormalMagnitude))),
        TypeSample("float8", "NaN", .double(.nan)), TypeSample("float8", "-0", .double(-0.0)),
        TypeSample("float8", "Infinity", .double(.infinity)), TypeSample("float8", "0", .double(0)),
        TypeSample("float8", "-1.7976931348623157e308", .double(-.greatestFiniteMagnitude)),
        TypeSample("float8", "2.2250738585072014e-308", .double(.leastNormalMagnitude)),
        TypeSample("oid", "0", .int(0)), TypeSample("int8", "-1", .int(-1)),
    ]

    /// 131,072 digits before the point, and 16,383 after it.
    private static let longDecimals: [TypeSample] = [
        String(repeating: "9", count: 131_072), "-1" + String(repeating: "0", count: 131_071),
        "0." + String(repeating: "0", count: 16_382) + "1",
        String(repeating: "8", count: 131_072) + "." + String(repeating: "7", count: 16_383),
    ].compactMap { text in SQLDecimal(text).map { TypeSample("numeric", text, .decimal($0)) } }

    private static let longTexts: [TypeSample] = [
        TypeSample(
            "text", String(repeating: "long \u{1F600} ", count: 100_000),
            .text(String(repeating: "long \u{1F600} ", count: 100_000))),
        TypeSample("varchar", "", .text("")),
        TypeSample("varchar(3)", "\u{10FFFF}\u{1}\u{7F}", .text("\u{10FFFF}\u{1}\u{7F}")),
        TypeSample(
            "bytea", "\\x" + String(repeating: "00ff", count: 500_000),
            .bytes((0..<1_000_000).map { $0 % 2 == 0 ? 0 : 255 })),
        TypeSample("json", " [ ] ", .json(" [ ] ")), TypeSample("json", "null", .json("null")),
        TypeSample("jsonb", #"{"a": {"b": [null, 1.50, "é\u20ac"]}}"#, .json(#"{"a": {"b": [null, 1.50, "é€"]}}"#)),
    ]

    private static let days: [TypeSample] =
        [
            ("4714-11-24 BC", "-4713-11-24"), ("0001-02-28 BC", "0000-02-28"), ("9999-12-31", "9999-12-31"),
            ("10000-01-01", "+10000-01-01"),
        ]
        .compactMap { text, date in SQLDate(date).map { TypeSample("date", text, .date($0)) } }
        + [("4714-11-24 00:00:00 BC", "-4713-11-24T00:00:00"), ("10000-01-01 00:00:00.1", "+10000-01-01T00:00:00.1")]
        .compactMap { text, moment in SQLTimestamp(moment).map { TypeSample("timestamp", text, .timestamp($0)) } }
        + [
            TypeSample("timestamp", "-infinity", .text("-infinity")),
            TypeSample("timestamptz", "infinity", .text("infinity")),
            // The last moment that counts as microseconds from 1970, and the last of the server's.
            TypeSample(
                "timestamptz", "294247-01-10 04:00:54.775807+00",
                .zonedTimestamp(SQLZonedTimestamp(microsecondsSince1970: .max))),
            TypeSample("timestamptz", "294276-12-31 23:59:59.999999+00", .text("294276-12-31 23:59:59.999999+00")),
        ]
        + [("4714-11-24 00:00:00+00 BC", "-4713-11-24T00:00:00.000000Z")]
        .compactMap { text, moment in
            SQLZonedTimestamp(moment).map { TypeSample("timestamptz", text, .zonedTimestamp($0)) }
        }

    /// Types that are read as the text that psql prints.
    private static let otherTexts: [TypeSample] = [
        ("interval", "178000000 years"), ("interval", "-178000000 years"), ("interval", "00:00:00"),
        ("interval", "-1 years -2 mons +3 days -04:05:06.789"), ("timetz", "24:00:00-15:59:59"),
        ("timetz", "00:00:00+15:59:59"),
        ("inet", "::ffff:1.2.3.4"), ("inet", "0.0.0.0/0"), ("cidr", "2001:db8::/32"),
        ("macaddr8", "08:00:2b:01:02:03:04:05"),
        ("int8range", "(,)"), ("int4range", "empty"), ("tstzrange", #"["2000-01-01 00:00:00+00",infinity)"#),
        ("int4multirange", "{[1,3),[5,7)}"), ("box", "(3,4),(1,2)"), ("pg_lsn", "16/B374D848"), ("bit varying", ""),
    ].map { TypeSample($0, $1, .text($1)) }

    private static let nested: [TypeSample] = [
        TypeSample("int2[]", "{-32768,32767}", .array([.int(-32768), .int(32767)])),
        TypeSample("oid[]", "{4294967295}", .array([.int(4_294_967_295)])),
        TypeSample("float4[]", "{1.5,-Infinity}", .array([.double(1.5), .double(-.infinity)])),
        TypeSample("float8[]", "{NaN,-0}", .array([.double(.nan), .double(-0.0)])),
        TypeSample("varchar[]", "{a,\"\"}", .array([.text("a"), .text("")])),
        TypeSample("text[]", "{{NULL,NULL}}", .array([.array([.null, .null])])),
        TypeSample(
            "int4[]", "{{{{{{1}}}}}}", .array([.array([.array([.array([.array([.array([.int(1)])])])])])])),
        TypeSample("uuid[]", "{NULL}", .array([.null])),
        TypeSample("timetz[]", "{12:00:00+00}", .array([.text("12:00:00+00")])),
        TypeSample("int4range[]", #"{"[1,2)",empty}"#, .array([.text("[1,2)"), .text("empty")])),
        TypeSample("box[]", "{(1,1),(0,0);(3,3),(2,2)}", .array([.text("(1,1),(0,0)"), .text("(3,3),(2,2)")])),
        TypeSample("jsonb[]", #"{"[1, 2]"}"#, .array([.json("[1, 2]")])),
        TypeSample("json[]", #"{"{\"a\":1}"}"#, .array([.json(#"{"a":1}"#)])),
        TypeSample("timestamptz[]", "{infinity}", .array([.text("infinity")])),
        TypeSample(
            "numeric[]", "{NaN,Infinity,0.0010}", .array([.decimal(.nan), .decimal(.infinity)] + decimal("0.0010"))),
        TypeSample("date[]", "{-infinity,\"4714-11-24 BC\"}", .array([.text("-infinity")] + day("-4713-11-24"))),
        TypeSample("date[]", "{\"0027-12-31 BC\"}", .array(day("-0026-12-31"))),
        TypeSample("int8[]", "[-2147483648:-2147483647]={1,2}", .array([.int(1), .int(2)])),
    ]

    private static func decimal(_ text: String) -> [SQLValue] { SQLDecimal(text).map { [.decimal($0)] } ?? [] }
    private static func day(_ text: String) -> [SQLValue] { SQLDate(text).map { [.date($0)] } ?? [] }
}
