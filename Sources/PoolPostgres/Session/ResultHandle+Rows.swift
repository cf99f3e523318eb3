@_spi(Driver) internal import PoolSQL

extension ResultHandle {
    /// Appends the values of all rows, row by row. Stops at a value that cannot be read, and returns its column then.
    func decode(_ readers: [ColumnReader], into rows: inout SQLRowsBuilder) -> Int? {
        if readers.isEmpty { return nil }
        return columnIsBinary(0) ? decodeBinary(readers, into: &rows) : decodeText(readers, into: &rows)
    }

    private func decodeBinary(_ readers: [ColumnReader], into rows: inout SQLRowsBuilder) -> Int? {
        for row in 0..<rowCount {
            for column in readers.indices {
                let isRead = unsafe withValue(row, column) { unsafe readers[column].append(binary: $0, to: &rows) }
                guard let isRead else {
                    rows.appendNull()
                    continue
                }
                if !isRead { return column }
            }
        }
        return nil
    }

    private func decodeText(_ readers: [ColumnReader], into rows: inout SQLRowsBuilder) -> Int? {
        for row in 0..<rowCount {
            for column in readers.indices {
                rows.append(unsafe withValue(row, column) { unsafe readers[column].decodeText($0) } ?? .null)
            }
        }
        return nil
    }
}

extension ColumnReader {
    /// Appends a value in the server's binary form. False if it does not have the form of its type.
    ///
    /// The most frequent kinds are read in place. The others, and all values of an unexpected length, take the slow
    /// path.
    @inline(__always)
    fileprivate func append(binary bytes: UnsafeRawBufferPointer, to rows: inout SQLRowsBuilder) -> Bool {
        if isArray { return unsafe appendOther(bytes, to: &rows) }
        switch kind {
        case .int4 where bytes.count == 4: unsafe rows.append(Int64(Self.load(bytes) as Int32))
        case .int8 where bytes.count == 8: unsafe rows.append(Self.load(bytes) as Int64)
        case .int2 where bytes.count == 2: unsafe rows.append(Int64(Self.load(bytes) as Int16))
        case .float8 where bytes.count == 8: unsafe rows.append(Double(bitPattern: Self.load(bytes)))
        case .text: unsafe rows.append(text: bytes)
        case .json: unsafe rows.append(json: bytes)
        case .bytes: unsafe rows.append(bytes: bytes)
        default: return unsafe appendOther(bytes, to: &rows)
        }
        return true
    }

    @inline(__always)
    private static func load<Integer: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer) -> Integer {
        unsafe Integer(bigEndian: bytes.loadUnaligned(as: Integer.self))
    }

    @inline(never)
    private func appendOther(_ bytes: UnsafeRawBufferPointer, to rows: inout SQLRowsBuilder) -> Bool {
        guard let value = unsafe decodeBinary(bytes) else { return false }
        rows.append(value)
        return true
    }
}
