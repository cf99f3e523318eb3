/// The place of an acquire in the source, in two words, each of which can be stored atomically.
@usableFromInline
struct SourcePosition: Sendable {
    /// The address of the file's name, which is part of the program; 0 for none.
    let file: UInt
    /// The length of the file's name in the upper half, the line in the lower.
    let position: UInt

    init(file: UInt, position: UInt) {
        self.file = file
        self.position = position
    }

    @usableFromInline
    init(_ fileID: StaticString, line: UInt) {
        guard fileID.hasPointerRepresentation else {
            self.init(file: 0, position: line)
            return
        }
        unsafe self.init(
            file: UInt(bitPattern: fileID.utf8Start),
            position: UInt(fileID.utf8CodeUnitCount) << 32 | line & 0xFFFF_FFFF)
    }

    var line: UInt { position & 0xFFFF_FFFF }

    var fileID: String {
        guard let start = unsafe UnsafePointer<UInt8>(bitPattern: file) else { return "" }
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(position >> 32)), as: UTF8.self)
    }
}
