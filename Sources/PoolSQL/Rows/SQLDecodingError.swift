/// A value in a result that could not be read as the type asked for. Tells the place and the reason, and never shows
/// the value.
public struct SQLDecodingError: Error, Sendable, CustomStringConvertible {
    /// The kind of mistake.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String
        public var description: String { name }

        /// The value is of a type, or has a value, that the Swift type cannot hold.
        public static let typeMismatch = Code(name: "typeMismatch")
        /// The value is NULL, and the Swift type is not optional.
        public static let unexpectedNull = Code(name: "unexpectedNull")
        /// The result has no column with that name, or not so many columns.
        public static let noSuchColumn = Code(name: "noSuchColumn")
        /// The result has several columns with that name.
        public static let ambiguousColumn = Code(name: "ambiguousColumn")
        /// The result has more or fewer columns than the type has values.
        public static let columnCount = Code(name: "columnCount")
        /// The Swift type asks for a structure that a row does not have, such as an object within a column.
        public static let unsupportedType = Code(name: "unsupportedType")
    }

    /// The kind of mistake.
    public let code: Code
    /// The name of the column; nil if none is concerned.
    public internal(set) var columnName: String?
    /// The column's place in the result, from 0; nil if none is concerned.
    public internal(set) var columnIndex: Int?
    /// The row's place in the result, from 0; nil if none is concerned.
    public internal(set) var row: Int?
    /// The Swift type asked for; nil if none is concerned.
    public internal(set) var expectedType: String?
    /// The kind of the value that was found: ``SQLValue/typeName``.
    public internal(set) var actualType: String?
    /// The details, in words.
    public internal(set) var reason: String?
    /// The error of an application's ``SQLDecodable/init(sqlValue:)``, if that is the cause. The description leaves it
    /// out, since it may show the value.
    public internal(set) var underlying: (any Error)?
    /// False if a type that decodes itself has asked for another.
    var namesTypeAskedFor = false

    init(code: Code, reason: String? = nil) {
        self.code = code
        self.reason = reason
    }

    public var description: String {
        var text = "Cannot decode"
        if let columnName { text += " column \"\(columnName)\"" }
        if let columnIndex { text += columnName == nil ? " column \(columnIndex)" : " (\(columnIndex))" }
        if let row { text += " of row \(row)" }
        if let expectedType { text += " as \(expectedType)" }
        if let actualType { text += ": found \(actualType)" }
        if let reason { text += ": \(reason)" }
        if let underlying { text += ": \(type(of: underlying)) was thrown" }
        return text
    }
}

extension SQLDecodingError {
    /// Adds to a failed conversion the place where it happened.
    init(_ error: any Error, converting value: SQLValue, to type: Any.Type, column: Int, in row: SQLRow) {
        // An error that has been located already, deeper within, is not located again.
        if let located = error as? SQLDecodingError {
            self = located
            return
        }
        let conversion = error as? SQLConversionError
        let isNull = value.isNull && conversion != nil
        self.init(
            code: isNull ? .unexpectedNull : .typeMismatch,
            reason: isNull ? "make the type optional, or exclude NULL in the statement" : conversion?.reason)
        columnName = row.columns.names[column]
        columnIndex = column
        self.row = row.number
        expectedType = String(describing: type)
        actualType = value.typeName
        underlying = conversion == nil ? error : nil
    }

    static func noSuchColumn(_ name: String, in names: [String]) -> Self {
        var error = Self(code: .noSuchColumn, reason: "the result has \(list(names))")
        error.columnName = name
        return error
    }

    static func noSuchColumn(_ index: Int, in names: [String]) -> Self {
        var error = Self(code: .noSuchColumn, reason: "the result has \(list(names))")
        error.columnIndex = index
        return error
    }

    static func ambiguousColumn(_ name: String) -> Self {
        var error = Self(
            code: .ambiguousColumn,
            reason: "several columns have this name; give them names of their own with AS, or use their index")
        error.columnName = name
        return error
    }

    static func columnCount(expected: Int, type: Any.Type, names: [String]) -> Self {
        let columns = expected == 1 ? "1 column" : "\(expected) columns"
        var error = Self(code: .columnCount, reason: "the type takes \(columns), and the result has \(list(names))")
        error.expectedType = String(describing: type)
        return error
    }

    private static func list(_ names: [String]) -> String {
        switch names.count {
        case 0: "no columns"
        case 1: "1 column: \"\(names[0])\""
        default: "\(names.count) columns: " + names.map { "\"\($0)\"" }.joined(separator: ", ")
        }
    }
}
