import ServerTestSupport

/// Changes whole packets of what a server sends, for an ``EditingRelay``.
final class PacketEditor {
    private var pending: [UInt8] = []
    private let edit: (inout [UInt8]) -> Void

    /// - Parameter edit: Gets a packet without its header, whose length is set afterwards.
    init(_ edit: @escaping (inout [UInt8]) -> Void) {
        self.edit = edit
    }

    func pass(_ bytes: inout [UInt8]) {
        pending += bytes
        bytes = []
        while pending.count >= 4 {
            let count = Int(pending[0]) | Int(pending[1]) << 8 | Int(pending[2]) << 16
            if pending.count < 4 + count { return }
            var packet = Array(pending[4..<4 + count])
            edit(&packet)
            let length = [packet.count, packet.count >> 8, packet.count >> 16].map { UInt8(truncatingIfNeeded: $0) }
            bytes += length + [pending[3]] + packet
            pending.removeFirst(4 + count)
        }
    }
}

extension EditingRelay {
    /// Leads to `server`, and changes what it sends once `flag` is set.
    convenience init(
        to server: PrivateMariaDB, once flag: Flag, _ edit: @escaping @Sendable (inout [UInt8]) -> Void
    ) throws {
        try self.init(to: .port(server.port)) { _, source in
            { bytes in
                if source == .server, flag.isSet { edit(&bytes) }
            }
        }
    }

    /// Leads to `server`, and changes whole packets that it sends.
    convenience init(to server: PrivateMariaDB, editing edit: @escaping @Sendable (inout [UInt8]) -> Void) throws {
        try self.init(to: .port(server.port)) { _, source in
            let editor = PacketEditor(edit)
            return { bytes in
                if source == .server { editor.pass(&bytes) }
            }
        }
    }
}

extension [UInt8] {
    /// Puts `new` in the place of `old`, wherever that is.
    mutating func replace(_ old: [UInt8], by new: [UInt8]) {
        guard !old.isEmpty, count >= old.count else { return }
        for start in stride(from: count - old.count, through: 0, by: -1) where self[start...].starts(with: old) {
            replaceSubrange(start..<start + old.count, with: new)
        }
    }
}
