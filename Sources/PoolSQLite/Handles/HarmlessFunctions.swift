/// The functions that are known to leave the session unchanged: SQLite's own, and those that the configuration
/// registers.
///
/// Left out are `load_extension` and `fts3_tokenizer`, and the functions of extensions that the process registers for
/// all connections.
struct HarmlessFunctions {
    private var own: Set<String> = []

    /// True for a harmless function. `name` is as SQLite reports it, in lower case.
    func contains(_ name: String) -> Bool {
        Self.builtIn.contains(name) || own.contains(name)
    }

    mutating func insert(_ name: String) {
        let bytes = name.utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        own.insert(String(decoding: bytes, as: UTF8.self))
    }

    private static let builtIn: Set<String> = Set(
        [core, aggregate, window, date, math, json, modules, hidden].joined().map { String($0) })

    private static func words(_ text: String) -> [Substring] { text.split(whereSeparator: \.isWhitespace) }

    /// The core functions: https://www.sqlite.org/lang_corefunc.html
    private static let core = words(
        """
        abs changes char coalesce concat concat_ws format glob hex if ifnull iif instr last_insert_rowid length like
        likelihood likely lower ltrim match max min nullif octet_length printf quote random randomblob regexp replace round
        rtrim sign soundex sqlite_compileoption_get sqlite_compileoption_used sqlite_offset sqlite_source_id sqlite_version
        substr substring subtype total_changes trim typeof unhex unicode unistr unistr_quote unlikely upper zeroblob
        """)

    /// The aggregate functions: https://www.sqlite.org/lang_aggfunc.html
    private static let aggregate = words(
        "avg count group_concat max median min percentile percentile_cont percentile_disc string_agg sum total")

    /// The window functions: https://www.sqlite.org/windowfunctions.html
    private static let window = words(
        "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value")

    /// The date and time functions: https://www.sqlite.org/lang_datefunc.html
    private static let date = words(
        "date time datetime julianday unixepoch strftime timediff current_date current_time current_timestamp")

    /// The mathematical functions: https://www.sqlite.org/lang_mathfunc.html
    private static let math = words(
        """
        acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi pow power
        radians sin sinh sqrt tan tanh trunc
        """)

    /// The JSON functions: https://www.sqlite.org/json1.html
    private static let json = words(
        """
        json jsonb json_array jsonb_array json_array_insert jsonb_array_insert json_array_length json_error_position
        json_extract jsonb_extract -> ->> json_insert jsonb_insert json_object jsonb_object json_patch jsonb_patch
        json_pretty json_quote json_remove jsonb_remove json_replace jsonb_replace json_set jsonb_set json_type json_valid
        json_group_array jsonb_group_array json_group_object jsonb_group_object
        """)

    /// The functions of full-text search, R*Tree and Geopoly: https://www.sqlite.org/fts5.html,
    /// https://www.sqlite.org/fts3.html, https://www.sqlite.org/rtree.html, https://www.sqlite.org/geopoly.html
    private static let modules = words(
        """
        bm25 highlight snippet fts5 fts5_get_locale fts5_insttoken fts5_locale fts5_source_id matchinfo offsets optimize
        rtreecheck rtreedepth rtreenode geopoly_area geopoly_bbox geopoly_blob geopoly_ccw geopoly_contains_point
        geopoly_debug geopoly_group_bbox geopoly_json geopoly_overlap geopoly_regular geopoly_svg geopoly_within
        geopoly_xform
        """)

    /// The functions that SQLite reserves for ALTER TABLE, ANALYZE and its own parser.
    private static let hidden = words(
        """
        sqlite_add_constraint sqlite_drop_column sqlite_drop_constraint sqlite_fail sqlite_find_constraint
        sqlite_rename_column sqlite_rename_parent sqlite_rename_quotefix sqlite_rename_table sqlite_rename_test stat_get
        stat_init stat_push
        """)
}
