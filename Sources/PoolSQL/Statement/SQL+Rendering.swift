extension SQL {
    /// The statement's text in `dialect`, and the values for its placeholders in order.
    ///
    /// In ``SQLDialect/ansi``, rendering copies nothing.
    ///
    /// - Throws: ``SQLStatementError`` if the text contains a zero byte, if an open parameter has no value, or if the
    ///   statement mixes parts with placeholders written by hand and parts with interpolated ones;
    ///   ``SQLEncodingError`` if a bind value is ``SQLValue/invalid(_:)``.
    public func rendered(in dialect: SQLDialect) throws -> (text: String, binds: [SQLValue]) {
        if text.utf8.containsZero { throw SQLStatementError.zeroByte }
        guard marks.openParameterCount == 0 else {
            throw SQLStatementError.openParameters(marks.openParameterCount)
        }
        let placeholders = marks.placeholderCount
        guard placeholders == 0 || placeholders == binds.count else {
            throw SQLStatementError.mixedPlaceholders(interpolated: placeholders, total: binds.count)
        }
        try binds.checkValid()
        return isAlreadyIn(dialect) ? (text, binds) : (rewritten(in: dialect), binds)
    }

    /// The values for the placeholders, one for each, as ``rendered(in:)`` gives them.
    @_spi(Driver) public var values: [SQLValue] { binds }

    /// The statement without its values, for ``rendersAs(_:)``.
    @_spi(Driver) public var withoutValues: SQL { SQL(text: text, marks: marks) }

    /// True if the statement renders to the same text as one that has been rendered, whatever the values of both are,
    /// and rendering it cannot fail. For drivers that recognize statements: comparing costs a fraction of rendering.
    @_spi(Driver) public func rendersAs(_ other: SQL) -> Bool {
        let placeholders = marks.placeholderCount
        return (placeholders == 0 || placeholders == binds.count) && marks == other.marks
            && text.utf8.hasSameBytes(as: other.text.utf8) && binds.areValid
    }

    private func isAlreadyIn(_ dialect: SQLDialect) -> Bool {
        if marks.count == 0 { return true }
        return dialect.placeholder == .questionMark && (dialect.usesANSIQuote || marks.identifierCount == 0)
    }

    /// The text with each mark written as `dialect` writes it. Marks begin and end at ASCII, so that no character of
    /// the text between them is ever cut.
    private func rewritten(in dialect: SQLDialect) -> String {
        let utf8 = text.utf8
        let quote = String(dialect.identifierQuote)
        var result = ""
        result.reserveCapacity(utf8.count + 2 * marks.count)
        var position = utf8.startIndex
        var offset = 0
        var number = 0
        for index in 0..<marks.count {
            let mark = marks[index]
            let start = utf8.index(position, offsetBy: mark.offset - offset)
            result += text[position..<start]
            let count: Int
            switch mark.kind {
            case .bind, .parameter:
                count = 1
                number += 1
                switch dialect.placeholder {
                case .questionMark: result += "?"
                case .dollarNumber: result += "$\(number)"
                }
            case .identifier(let utf8Count):
                count = utf8Count
                let quoted = text[start..<utf8.index(start, offsetBy: utf8Count)]
                result += dialect.usesANSIQuote ? String(quoted) : Self.requote(quoted, with: quote)
            }
            position = utf8.index(start, offsetBy: count)
            offset = mark.offset + count
        }
        result += text[position...]
        return result
    }

    /// Replaces the quotation marks around, and within, a quoted identifier.
    private static func requote(_ quoted: Substring, with quote: String) -> String {
        var result = quote
        var isSecondOfPair = false
        for scalar in quoted.unicodeScalars.dropFirst().dropLast() {
            if scalar == "\"" {
                isSecondOfPair.toggle()
                if !isSecondOfPair { continue }
            }
            result.unicodeScalars.append(scalar)
            if quote.unicodeScalars.elementsEqual(CollectionOfOne(scalar)) { result += quote }
        }
        return result + quote
    }
}

extension String.UTF8View {
    /// True if a byte is zero: the databases' C interfaces would take it for the end of the text.
    fileprivate var containsZero: Bool {
        let found = unsafe withContiguousStorageIfAvailable { bytes in
            // No early exit, so that the compiler can compare many bytes at a time.
            unsafe bytes.reduce(0 as UInt8) { $0 | ($1 == 0 ? 1 : 0) } != 0
        }
        return found ?? contains(0)
    }
}
