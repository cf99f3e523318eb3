/// Finds the next statement in SQL text.
enum SQLScanner {
    /// The index of the first byte at or after `position` that is not white space, a byte order mark, a semicolon or
    /// a comment; nil if there is none.
    static func startOfStatement(in bytes: UnsafeBufferPointer<UInt8>, from position: Int) -> Int? {
        var position = position
        while position < bytes.count {
            let next = position + 1 < bytes.count ? unsafe bytes[position + 1] : 0
            switch unsafe (bytes[position], next) {
            case (0x20, _), (0x09...0x0D, _), (UInt8(ascii: ";"), _):
                position += 1
            // SQLite treats a byte order mark as white space at any place.
            case (0xEF, 0xBB) where unsafe isEndOfMark(bytes, position + 2):
                position += 3
            case (UInt8(ascii: "-"), UInt8(ascii: "-")):
                while position < bytes.count, unsafe bytes[position] != UInt8(ascii: "\n") { position += 1 }
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                position += 2
                while position < bytes.count, unsafe !isEndOfComment(bytes, position) { position += 1 }
                position += 2
            default:
                return position
            }
        }
        return nil
    }

    private static func isEndOfMark(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> Bool {
        unsafe position < bytes.count && bytes[position] == 0xBF
    }

    private static func isEndOfComment(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> Bool {
        unsafe bytes[position] == UInt8(ascii: "*") && position + 1 < bytes.count
            && bytes[position + 1] == UInt8(ascii: "/")
    }
}
