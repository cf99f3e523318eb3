@_spi(Driver) internal import PoolSQL

/// A statement that the session knows.
final class KnownStatement {
    let text: String
    /// The types that the application's values have decided, with 0 for those that the server decides. Empty if it
    /// decides all.
    let types: [UInt32]
    let traits: StatementTraits
    /// The server's description; nil until the server was asked.
    var shape: StatementShape?
    /// The name of the prepared statement on the server; nil if it is not prepared.
    var name: StatementName?
    var useCount = 0
    /// The size of the rows of the latest run, to reserve memory for the next.
    var expectedSize = 0
    /// The indices of the parameters whose types the server cannot infer, so that the values must decide.
    var undetermined: Set<Int> = []
    /// The statements with the same text and other types, which values have decided.
    var variants: [KnownStatement] = []
    /// The statement's places in the cache's orders of use.
    var textPlace = 0
    var namePlace = 0
    /// The application's latest statement that was rendered to this text, without its values.
    var source: SQL?

    init(_ text: String) {
        self.text = text
        types = []
        traits = StatementTraits(of: text)
    }

    /// Makes a statement with the same text and other types, about which the server has not been asked.
    init(_ statement: KnownStatement, types: [UInt32]) {
        text = statement.text
        self.types = types
        traits = statement.traits
    }
}
