extension SQL {
    /// A place in a statement for a value that comes later: see ``SQLSession/prepare(_:)`` and
    /// ``SQLSession/executeBatch(_:_:)``.
    public struct Parameter: Sendable, Hashable {
        /// The place for one value.
        public static let parameter = Parameter()
    }

    /// Collects the interpolations of a string literal of type ``SQL``.
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        private(set) var sql: SQL
        /// The length that the text gets if all interpolations are values; 0 once there is memory for it.
        private var missingCapacity: Int

        /// Called by the compiler.
        public init(literalCapacity: Int, interpolationCount: Int) {
            missingCapacity = literalCapacity + interpolationCount
            sql = SQL(reservingBinds: interpolationCount)
        }

        /// Reserves memory for the text. Delayed, because the first literal takes no memory of its own, and many
        /// statements end with the first value.
        private mutating func reserveText() {
            if missingCapacity > sql.text.utf8.count + 1 { sql.reserveText(missingCapacity) }
            missingCapacity = 0
        }

        /// Called by the compiler, for the text between interpolations.
        public mutating func appendLiteral(_ literal: String) {
            // Empty literals come between adjacent interpolations, and before and after them.
            if !literal.isEmpty { sql.append(literal) }
        }

        /// Appends a bind value: it is never part of the statement's text.
        public mutating func appendInterpolation(_ value: some SQLEncodable) {
            reserveText()
            sql.append(bind: value.sqlValue)
        }

        /// Appends a bind value, NULL for nil. The compiler warns of optionals in interpolations that do not expect
        /// them.
        public mutating func appendInterpolation<Value: SQLEncodable>(_ value: Value?) {
            reserveText()
            sql.append(bind: value.sqlValue)
        }

        /// Appends another statement, with its bind values.
        public mutating func appendInterpolation(_ sql: SQL) {
            self.sql += sql
        }

        /// Appends a place for a value that comes later: `\(.parameter)`.
        public mutating func appendInterpolation(_ parameter: Parameter) {
            reserveText()
            sql.appendParameter()
        }

        /// Appends a list of bind values in parentheses, for `IN`.
        ///
        /// An empty sequence becomes `(NULL)`, since no database accepts `()`. Then neither `x IN (NULL)` nor
        /// `x NOT IN (NULL)` holds for any row.
        public mutating func appendInterpolation<Value: SQLEncodable>(binds values: some Sequence<Value>) {
            reserveText()
            var separator = "("
            for value in values {
                sql.append(separator)
                sql.append(bind: value.sqlValue)
                separator = ", "
            }
            sql.append(separator == "(" ? "(NULL)" : ")")
        }

        /// Appends the name of a table, a column or the like; several make a qualified name, `"schema"."table"`.
        public mutating func appendInterpolation(identifier name: String, _ more: String...) {
            reserveText()
            sql.append(identifier: name)
            for name in more {
                sql.append(".")
                sql.append(identifier: name)
            }
        }

        /// Appends text as it is. Never build it from input that you do not trust.
        public mutating func appendInterpolation(raw text: String) {
            sql.append(text)
        }

        /// Appends several statements, with `separator` between them. None become nothing.
        public mutating func appendInterpolation(joining parts: some Sequence<SQL>, separator: SQL = ", ") {
            var isFirst = true
            for part in parts {
                if !isFirst { sql += separator }
                sql += part
                isFirst = false
            }
        }

        /// Appends a part of the statement if `condition` holds, and nothing otherwise.
        public mutating func appendInterpolation(if condition: Bool, _ part: @autoclosure () -> SQL) {
            if condition { sql += part() }
        }

        /// Appends a part of the statement, or nothing for nil.
        public mutating func appendInterpolation(optional part: SQL?) {
            if let part { sql += part }
        }
    }
}

extension SQL {
    fileprivate init(reservingBinds count: Int) {
        self.init(text: "")
        if count > 1 { reserveBinds(count) }
    }
}
