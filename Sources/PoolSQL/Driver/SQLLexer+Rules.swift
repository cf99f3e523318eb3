extension SQLLexer {
    /// The rules in which the lexers of databases differ. Each driver chooses those of its server.
    public struct Rules: OptionSet, Sendable, Hashable {
        /// The rules as bits.
        public let rawValue: UInt16

        /// Makes the rules of these bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// `#` begins a comment to the end of the line.
        public static let hashComments = Self(rawValue: 1)
        /// `--` begins a comment only before white space, a control character or the end of the text.
        public static let dashesNeedSpace = Self(rawValue: 2)
        /// A carriage return ends a comment of one line, as a line feed always does.
        public static let returnsEndLines = Self(rawValue: 4)
        /// A comment of one line that contains a carriage return without a line feed is not understood.
        public static let unclearReturns = Self(rawValue: 8)
        /// A comment between `/*` and `*/` may contain others.
        public static let nestedComments = Self(rawValue: 16)
        /// The server executes a comment that begins with `/*!` or `/*M`, and takes `/*+` for a hint: none of them is
        /// understood.
        public static let executedComments = Self(rawValue: 32)
        /// A byte order mark is white space.
        public static let byteOrderMarks = Self(rawValue: 64)
        /// Names may stand in backticks.
        public static let backticks = Self(rawValue: 128)
        /// Text in double quotes is a name or a string, depending on a setting.
        public static let stringsInDoubleQuotes = Self(rawValue: 256)
        /// `$1` is a placeholder, and strings may stand between `$$` and `$$`, or between `$tag$` and `$tag$`.
        public static let dollarQuotes = Self(rawValue: 512)
        /// `E'…'` is a string with escapes, and `U&'…'` and `U&"…"` are not understood.
        public static let prefixedStrings = Self(rawValue: 1_024)
        /// A word may begin with a digit or `$`, so that a number is a word.
        public static let digitsBeginWords = Self(rawValue: 2_048)
    }
}
