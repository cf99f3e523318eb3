internal import CSQLite

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension Database {
    /// The reason for a failed open: SQLite itself says only "unable to open database file".
    static func openError(
        _ result: Int32, _ pointer: OpaquePointer?, name: String, isURI: Bool, _ opening: Opening
    ) -> SQLiteError {
        // Without memory for a handle there is no handle to ask.
        guard let pointer = unsafe pointer else { return SQLiteError(.outOfMemory, "out of memory") }
        let error = unsafe Self.error(result, of: pointer)
        let systemError = unsafe sqlite3_system_errno(pointer)
        guard error.code.primary == .cannotOpen else { return error }
        return explained(error, path: isURI ? pathOf(uri: name) : name, opening, systemError: systemError)
    }

    /// Adds the reason to an error that the file at `path` caused.
    static func explained(_ error: SQLiteError, path: String, _ opening: Opening, systemError: Int32) -> SQLiteError {
        func because(_ reason: String, _ remedy: String, code: SQLiteError.Code? = nil) -> SQLiteError {
            SQLiteError(code ?? error.code, "Cannot open \"\(path)\": \(reason)", sql: error.sql, remedy: remedy)
        }
        if systemError == EMFILE || systemError == ENFILE {
            return because("the process has too many open files", "Raise its limit of open files", code: .outOfMemory)
        }
        switch kind(of: path) {
        case .folder:
            return because("it is a folder", "Name a file inside it", code: .cannotOpenIsDirectory)
        case .missing:
            let folder = folder(of: path)
            switch kind(of: folder) {
            case .folder where opening != .creating:
                return because("there is no such file", "Check the path, or let the configuration create the file")
            case .folder:
                return because("its folder cannot be written to", "Give this user write permission for \"\(folder)\"")
            default:
                return because("there is no folder \"\(folder)\"", "Create the folder, or check the path")
            }
        case .file:
            let access = opening == .readOnly ? "read" : "read and write"
            return because(
                "this user may not \(access) it, or its -wal and -shm files beside it",
                "Check the permissions of the file and of its folder; on a read-only disk use a URL with immutable=1")
        case .unreachable:
            return because("this user may not look there", "Check the permissions of the folders on the path")
        }
    }

    private enum Kind { case file, folder, missing, unreachable }

    private static func kind(of path: String) -> Kind {
        var status = stat()
        if unsafe stat(path, &status) != 0 { return errno == ENOENT || errno == ENOTDIR ? .missing : .unreachable }
        return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }

    /// True if both paths lead to the same file.
    static func isSameFile(_ one: String, _ other: String) -> Bool {
        var first = stat()
        var second = stat()
        guard unsafe stat(one, &first) == 0, unsafe stat(other, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    static func isFolder(_ path: String) -> Bool { kind(of: path) == .folder }

    static func fileExists(_ path: String) -> Bool { kind(of: path) != .missing }

    static func removeFile(_ path: String) { unsafe _ = unlink(path) }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The path in a `file:` URI: `file:///a`, `file://localhost/a` or `file:a`, with `%` escapes.
    static func pathOf(uri: String) -> String {
        var path = uri.dropFirst("file:".count).prefix { $0 != "?" }
        if path.hasPrefix("//") {
            path = path.dropFirst(2).drop { $0 != "/" }
        }
        var bytes: [UInt8] = []
        var rest = path.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let escaped = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(escaped)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
