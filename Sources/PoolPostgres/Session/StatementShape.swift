internal import PoolSQL

/// The parameters and columns of a statement.
final class StatementShape: Sendable {
    let parameterTypes: [UInt32]
    let columns: SQLColumns
    let readers: [ColumnReader]
    /// True if all columns can be read in binary: libpq requests one form for all.
    let isBinary: Bool
    /// True if a column may be an array, which only the server knows.
    let hasUnknownTypes: Bool
    /// The columns' names as libpq has them, each followed by a zero.
    let names: [CChar]

    /// Makes the shape of a result, or of a statement that was described.
    ///
    /// - Parameter catalog: The types that the server has described so far.
    init(parameterTypes: [UInt32], of result: borrowing ResultHandle, _ catalog: TypeCatalog = TypeCatalog()) {
        var texts: [String] = []
        var names: [CChar] = []
        var readers: [ColumnReader] = []
        var isBinary = true
        for column in 0..<result.columnCount {
            let type = result.columnType(column)
            let text = result.columnName(column)
            texts.append(text)
            names += text.utf8CString
            readers.append(ColumnReader(type: type, catalog))
            if !ColumnReader.readsBinary(type) { isBinary = false }
        }
        hasUnknownTypes = !isBinary && readers.contains { catalog.isUnknown($0.type) }
        self.parameterTypes = parameterTypes
        self.names = names
        self.readers = readers
        self.isBinary = isBinary
        columns = SQLColumns(names: texts, typeIDs: readers.map(\.type))
    }

    /// Makes a copy of a shape with the types that the server has described since it was made.
    init(_ shape: StatementShape, _ catalog: TypeCatalog) {
        (parameterTypes, columns, names, isBinary) = (shape.parameterTypes, shape.columns, shape.names, shape.isBinary)
        readers = shape.readers.map { ColumnReader(type: $0.type, catalog) }
        hasUnknownTypes = readers.contains { catalog.isUnknown($0.type) }
    }

    /// True if the result has these columns. Their names matter even for a prepared statement: behind a pooler
    /// another server session may have prepared it after the table's columns had changed.
    func describes(_ result: borrowing ResultHandle) -> Bool {
        guard readers.count == result.columnCount else { return false }
        for column in readers.indices where readers[column].type != result.columnType(column) { return false }
        return result.hasColumnNames(names)
    }

    func isEqual(to other: StatementShape) -> Bool {
        parameterTypes == other.parameterTypes && names == other.names
            && readers.elementsEqual(other.readers) { $0.type == $1.type }
    }

    /// True if a parameter has a type that was made in the database: the meaning of its name depends on the search
    /// path.
    var takesOwnTypes: Bool { parameterTypes.contains { $0 >= TypeID.firstOwn } }
}
