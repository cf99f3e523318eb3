/// The functions that change nothing in a session, and that MariaDB and MySQL both have built in, so that no function
/// of the application can have such a name. https://mariadb.com/kb/en/built-in-functions/,
/// https://dev.mysql.com/doc/refman/8.4/en/built-in-function-reference.html
///
/// Functions that one of the servers lacks, such as `NVL` and `TO_CHAR`, are left out: its users may have made one.
enum HarmlessFunctions {
    /// True if a call of `name`, in lower case, directly followed by its parenthesis, calls a harmless function.
    static func contains(_ name: String) -> Bool { names.contains(name) }

    /// True for a word that a parenthesis may follow, even after a blank, and that is reserved or no function's name.
    static func isKeyword(_ word: String) -> Bool { keywords.contains(word) }

    private static let names: Set<String> = set(
        """
        avg bit_and bit_or bit_xor count group_concat json_arrayagg json_objectagg max min std stddev stddev_pop
        stddev_samp sum var_pop var_samp variance
        cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
        ascii bin bit_count bit_length char char_length character_length concat concat_ws elt export_set extractvalue
        field find_in_set format from_base64 hex insert instr lcase left length locate lower lpad ltrim make_set mid oct
        octet_length ord position quote regexp_instr regexp_replace regexp_substr repeat replace reverse right rpad
        rtrim soundex space strcmp substr substring substring_index to_base64 trim ucase unhex updatexml upper
        weight_string
        abs acos asin atan atan2 ceil ceiling conv cos cot crc32 degrees exp floor greatest least ln log log10 log2 mod
        pi pow power radians rand round sign sin sqrt tan truncate
        adddate addtime convert_tz curdate current_date current_time current_timestamp curtime date date_add date_format
        date_sub datediff datetime day dayname dayofmonth dayofweek dayofyear extract from_days from_unixtime get_format
        hour last_day localtime localtimestamp makedate maketime microsecond minute month monthname now period_add
        period_diff quarter sec_to_time second str_to_date subdate subtime sysdate time time_format time_to_sec timediff
        timestamp timestampadd timestampdiff to_days to_seconds unix_timestamp utc_date utc_time utc_timestamp week
        weekday weekofyear year yearweek
        coalesce if ifnull isnull nullif
        cast charset coercibility collation convert
        benchmark connection_id current_role current_user database default found_rows is_free_lock is_used_lock
        row_count schema session_user sleep system_user user uuid uuid_short version
        inet6_aton inet6_ntoa inet_aton inet_ntoa is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6
        aes_decrypt aes_encrypt compress md5 sha sha1 sha2 uncompress uncompressed_length
        json_array json_array_append json_array_insert json_contains json_contains_path json_depth json_extract
        json_insert json_keys json_length json_merge_patch json_merge_preserve json_object json_quote json_remove
        json_replace json_search json_set json_table json_type json_unquote json_valid json_value
        """)

    private static let keywords: Set<String> = set(
        """
        against all and any as between binary by case char columns dec decimal default div distinct distinctrow double
        else escape except exists float from group having in index intersect interval is join key keys like limit match
        mod not numeric offset on or over partition regexp returning rlike row select set some then union using value
        values varbinary varchar when where window with xor
        """)

    private static func set(_ list: String) -> Set<String> {
        Set(list.split { $0 == " " || $0 == "\n" }.map { String($0) })
    }
}
