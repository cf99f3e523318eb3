/// A statement and its bind values.
///
/// Write it as a string literal. Interpolated values always become bind values, so that no value can change what the
/// statement means:
///
/// ```swift
/// let team = "blue"
/// let statement: SQL = "SELECT name FROM users WHERE team = \(team) AND active = \(true)"
/// ```
///
/// Everything else that may stand in an interpolation needs to say what it is:
///
/// | interpolation | becomes |
/// |---|---|
/// | `\(value)` | a bind value; an optional that is nil becomes NULL |
/// | `\(binds: [1, 2, 3])` | `(?, ?, ?)`, for `IN`; an empty sequence becomes `(NULL)` |
/// | `\(identifier: "main", "users")` | `"main"."users"`, quoted as the database quotes |
/// | `\(raw: text)` | the text as it is: never build it from input |
/// | `\(otherSQL)` | another `SQL` with its bind values |
/// | `\(joining: parts, separator: " AND ")` | several of them |
/// | `\(if: condition, "AND deleted IS NULL")` | a part, or nothing |
/// | `\(optional: part)` | a part that may be nil, or nothing |
/// | `\(.parameter)` | a place for a value that comes later, in a batch or a prepared statement |
///
/// A `?` in the literal's own text is text, and reaches the database as it is.
public struct SQL: Sendable, Hashable {
    /// The statement's text in ``SQLDialect/ansi``.
    private(set) var text: String
    /// The values, one for each placeholder, in order. Values of open parameters are NULL until they are filled.
    private(set) var binds: [SQLValue]
    /// The places of placeholders and identifiers in `text`.
    private(set) var marks: SQLMarks

    init(text: String, binds: [SQLValue] = [], marks: SQLMarks = SQLMarks()) {
        self.text = text
        self.binds = binds
        self.marks = marks
    }

    /// Makes a statement whose text is only known when the program runs: one that was read from a file, for instance.
    ///
    /// The text is passed on as it is. Never build it from input that you do not trust.
    ///
    /// - Parameters:
    ///   - text: the statement, with placeholders as the database writes them.
    ///   - binds: one value for each placeholder.
    public init(raw text: String, binds: [any SQLEncodable] = []) {
        self.init(text: text, binds: binds.map(\.sqlValue))
    }

    mutating func append(_ literal: String) {
        text += literal
    }

    mutating func append(bind value: SQLValue) {
        marks.append(SQLMarks.Mark(offset: text.utf8.count, kind: .bind))
        text += "?"
        // Making an array takes less time than reserving room in an empty one.
        if binds.capacity == 0 { binds = [value] } else { binds.append(value) }
    }

    mutating func reserveText(_ utf8Count: Int) { text.reserveCapacity(utf8Count) }

    mutating func reserveBinds(_ count: Int) {
        binds.reserveCapacity(count)
        marks.reserveCapacity(count)
    }

    mutating func appendParameter() {
        marks.append(SQLMarks.Mark(offset: text.utf8.count, kind: .parameter))
        text += "?"
        binds.append(.null)
    }

    mutating func append(identifier name: String) {
        let offset = text.utf8.count
        SQLDialect.ansi.append(quoted: name, to: &text)
        marks.append(SQLMarks.Mark(offset: offset, kind: .identifier(utf8Count: text.utf8.count - offset)))
    }

    /// Both statements, one after the other, with nothing between them.
    public static func + (left: SQL, right: SQL) -> SQL {
        var sum = left
        sum += right
        return sum
    }

    /// Appends a statement, with nothing between the two.
    public static func += (left: inout SQL, right: SQL) {
        let offset = left.text.utf8.count
        left.text += right.text
        left.binds += right.binds
        for index in 0..<right.marks.count {
            var mark = right.marks[index]
            mark.offset += offset
            left.marks.append(mark)
        }
    }
}

extension SQL: ExpressibleByStringInterpolation {
    /// Called by the compiler, for a literal without interpolations.
    public init(stringLiteral value: String) {
        self.init(text: value)
    }

    /// Called by the compiler, for a literal with interpolations.
    public init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }
}

extension SQL {
    /// The statement with NULL in its open parameters, for a driver that prepares it or runs it with other values.
    var withClosedParameters: SQL {
        guard marks.openParameterCount > 0 else { return self }
        var closed = self
        closed.marks = marks.withClosedParameters
        return closed
    }

    /// The values for all placeholders: the statement's own, and `values` for its open parameters, in order.
    ///
    /// A statement without placeholders of this type has been written by hand with those of the database: it takes
    /// `values` as they are.
    func filled(with values: [SQLValue]) throws -> [SQLValue] {
        if binds.isEmpty { return values }
        let open = marks.openParameterCount
        guard open == values.count else {
            throw SQLStatementError.bindCount(expected: open, given: values.count)
        }
        if open == binds.count { return values }
        var filled = binds
        var next = 0
        var position = 0
        for index in 0..<marks.count {
            switch marks[index].kind {
            case .identifier: continue
            case .bind: break
            case .parameter:
                filled[position] = values[next]
                next += 1
            }
            position += 1
        }
        return filled
    }

    /// The statement with other bind values, one for each placeholder.
    func replacingBinds(_ values: [SQLValue]) -> SQL {
        var replaced = withClosedParameters
        replaced.binds = values
        return replaced
    }
}
