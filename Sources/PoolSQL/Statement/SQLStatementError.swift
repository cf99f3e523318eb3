/// A statement that cannot be sent to any database.
public struct SQLStatementError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of mistake.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String
        public var description: String { name }

        /// The text contains a zero byte.
        public static let zeroByte = Code(name: "zeroByte")
        /// A statement with `\(.parameter)` was run without a value for it.
        public static let openParameters = Code(name: "openParameters")
        /// The number of bind values is not the number of parameters.
        public static let bindCount = Code(name: "bindCount")
        /// A placeholder written by hand stands beside an interpolated one.
        public static let mixedPlaceholders = Code(name: "mixedPlaceholders")
        /// A stream was asked for batches of less than one row, or of more than 1,000,000.
        public static let batchSize = Code(name: "batchSize")
    }

    /// The kind of mistake.
    public let code: Code
    /// The mistake, and the advice to mend it.
    public let description: String

    static let zeroByte = Self(
        code: .zeroByte,
        description: "The statement's text contains a zero byte. Pass the value as a bind instead.")

    static func openParameters(_ count: Int) -> Self {
        Self(
            code: .openParameters,
            description: "The statement has \(count) open \(count == 1 ? "parameter" : "parameters"). "
                + "Prepare it and give the values with each call, or run it as a batch.")
    }

    static func bindCount(expected: Int, given: Int) -> Self {
        Self(
            code: .bindCount,
            description: "The statement takes \(expected) \(expected == 1 ? "value" : "values"), \(given) given.")
    }

    static func mixedPlaceholders(interpolated: Int, total: Int) -> Self {
        Self(
            code: .mixedPlaceholders,
            description: "Of the statement's \(total) placeholders, only \(interpolated) are interpolated. "
                + "Do not write placeholders by hand beside interpolated ones: use \\(.parameter).")
    }

    static func batchSize(_ size: Int) -> Self {
        Self(code: .batchSize, description: "A stream's batchSize must be from 1 to 1,000,000, and is \(size).")
    }
}
