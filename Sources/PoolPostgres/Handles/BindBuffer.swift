/// The encoded bind values of one run of a statement, or of several successive runs, in one piece of memory.
struct BindBuffer {
    private struct Value {
        /// The index of the value's first byte; -1 for NULL.
        let offset: Int
        let count: Int
        let isBinary: Bool
    }

    private var bytes: [UInt8] = []
    private var values: [Value] = []

    var count: Int { values.count }

    /// Reserves memory for the values of a first run; later runs grow it.
    mutating func reserve(_ count: Int) {
        if count == 0 || !values.isEmpty { return }
        values.reserveCapacity(count)
        bytes.reserveCapacity(count * 16)
    }

    /// Removes the values, and keeps the memory for the next ones.
    mutating func removeAll() {
        // Removing from an empty array would allocate.
        if values.isEmpty { return }
        values.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Frees the memory of unusually large values.
    mutating func trim() {
        if bytes.capacity > 65_536 || values.capacity > 4_096 { (bytes, values) = ([], []) }
    }

    mutating func appendNull() {
        values.append(Value(offset: -1, count: 0, isBinary: false))
    }

    /// Appends a value; `write` appends its bytes in binary form.
    mutating func appendBinary(_ write: (inout [UInt8]) -> Void) {
        let offset = bytes.count
        write(&bytes)
        values.append(Value(offset: offset, count: bytes.count - offset, isBinary: true))
    }

    mutating func append(text: some StringProtocol) {
        let offset = bytes.count
        bytes += text.utf8
        values.append(Value(offset: offset, count: bytes.count - offset, isBinary: false))
        // libpq needs a zero after a text, and ignores the length.
        bytes.append(0)
    }

    /// Calls `body` with the arrays that libpq takes for one run, whose values have the indices `run`.
    func withArrays<Result>(
        _ run: Range<Int>,
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
    ) -> Result {
        let count = run.count
        if count == 0 { return body(nil, nil, nil) }
        return unsafe bytes.withUnsafeBytes { bytes in
            unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
                unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                    // An empty value still needs an address: nil is NULL.
                    let base = unsafe bytes.baseAddress ?? UnsafeRawPointer(pointers.baseAddress)
                    // By index: an iterator would cost a reference count.
                    for index in 0..<count {
                        let value = values[run.lowerBound + index]
                        let address =
                            value.offset < 0
                            ? nil : unsafe base.map { unsafe ($0 + value.offset).assumingMemoryBound(to: CChar.self) }
                        unsafe pointers.initializeElement(at: index, to: address)
                        unsafe numbers.initializeElement(at: index, to: Int32(clamping: value.count))
                        unsafe numbers.initializeElement(at: count + index, to: value.isBinary ? 1 : 0)
                    }
                    let lengths = unsafe numbers.baseAddress.map { unsafe UnsafePointer($0) }
                    return unsafe body(
                        pointers.baseAddress.map { unsafe UnsafePointer($0) }, lengths,
                        lengths.map { unsafe $0 + count })
                }
            }
        }
    }
}
