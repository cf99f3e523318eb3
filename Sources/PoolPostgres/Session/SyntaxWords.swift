/// The words that are no functions even if a parenthesis follows: reserved words, and names of the server's own types
/// and forms of expressions. https://www.postgresql.org/docs/15/sql-keywords-appendix.html
enum SyntaxWords {
    static func contains(_ word: String) -> Bool { words.contains(word) }

    private static let words = Set(
        """
        all analyse analyze and any array as asc asymmetric between bigint bit boolean both case cast char character
        check coalesce collate column constraint create current_catalog current_date current_role current_time
        current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract
        false fetch float for foreign from grant greatest group grouping having in initially inout int integer
        intersect interval into lateral leading least limit localtime localtimestamp national nchar none normalize
        not null nullif numeric offset on only or order out overlay placing position precision primary real
        references returning row select session_user setof smallint some substring symmetric table then time
        timestamp to trailing treat trim true union unique user using values varchar variadic when where window with
        xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize
        xmltable
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
