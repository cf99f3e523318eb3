extension SQL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text in ``SQLDialect/ansi``, with the number and types of the bind values. Their contents are left out,
    /// since they may be secrets and descriptions end up in logs.
    public var description: String {
        binds.isEmpty ? text : "\(text) [\(bindSummary)]"
    }

    public var debugDescription: String { description }

    /// A mirror that shows the types of the bind values, but not their contents.
    public var customMirror: Mirror {
        Mirror(self, children: ["text": text, "binds": bindSummary], displayStyle: .struct)
    }

    /// The text with the bind values. Keep it out of logs that others may read.
    public var descriptionWithBinds: String {
        binds.isEmpty ? text : "\(text) [\(binds.map(\.description).joined(separator: ", "))]"
    }

    private var bindSummary: String {
        let count = binds.count == 1 ? "1 bind" : "\(binds.count) binds"
        return binds.isEmpty ? "no binds" : "\(count): \(binds.map(\.typeName).joined(separator: ", "))"
    }
}
