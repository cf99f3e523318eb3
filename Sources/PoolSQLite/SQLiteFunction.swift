public import PoolCore

/// A function written in Swift that SQL may call.
public struct SQLiteFunction: Sendable {
    public let name: String
    /// How many arguments the function takes, from 0 to 127; nil takes any number.
    public let argumentCount: Int?
    /// True if equal arguments always give an equal result; SQLite may then call it less often, and use it in indexes.
    public let isDeterministic: Bool
    /// Called on the thread that runs the statement. The statement fails with ``SQLiteError/Code/error`` and the thrown
    /// error's description if it throws.
    public let body: @Sendable ([SQLValue]) throws -> SQLValue

    /// `isDeterministic` is false by default. The count of arguments is checked by ``SQLiteConfiguration``.
    public init(
        _ name: String, argumentCount: Int?, isDeterministic: Bool = false,
        body: @escaping @Sendable ([SQLValue]) throws -> SQLValue
    ) {
        self.name = name
        self.argumentCount = argumentCount
        self.isDeterministic = isDeterministic
        self.body = body
    }
}
