public import PoolSQL

/// A function written in Swift that SQL may call.
public struct SQLiteFunction: Sendable {
    /// The name by which SQL calls the function.
    public let name: String
    /// The number of arguments, from 0 to 127; nil accepts any number.
    public let argumentCount: Int?
    /// True if equal arguments always give an equal result; SQLite may then call it less often, and use it in indexes.
    public let isDeterministic: Bool
    /// The function itself, called on the thread that runs the statement. If it throws, the statement fails with
    /// ``SQLiteError/Code/error`` and the thrown error's description.
    public let body: @Sendable ([SQLValue]) throws -> SQLValue

    /// Makes a function. `isDeterministic` is false by default. ``SQLiteConfiguration`` checks the name and the
    /// number of arguments.
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
