import Foundation
import ServerTestSupport
import Synchronization

/// Stands between a client and the private server, on a port of its own, and can do to the connection what a network
/// does.
final class Relay: Sendable {
    enum Kind: Sendable {
        case plain
        /// Speaks TLS with the client, in records as long as they may be. The server itself makes short ones only.
        case longRecords
    }

    struct CannotRelay: Error {}

    let port: UInt16
    private let kind: Kind
    private let server: PrivatePostgres
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var open: [Int32] = []
        var clients: [Int32] = []
        var longestRecord = 0
        var ignoresNewOnes = false
        var isStopped = false
    }

    /// The length of the longest record that the client was sent.
    var longestRecord: Int { state.withLock { $0.longestRecord } }

    init(to server: PrivatePostgres, _ kind: Kind = .plain) throws {
        self.server = server
        self.kind = kind
        (listener, port) = try Sockets.listen()
        Thread.detachNewThread { self.accept() }
    }

    /// Whether connections that are made from now on are taken and left without an answer, for good.
    func ignoreNewConnections(_ ignores: Bool = true) {
        state.withLock { $0.ignoresNewOnes = ignores }
    }

    /// Takes no more connections.
    func stopListening() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Says something to all clients in the server's name.
    func say(_ bytes: [UInt8]) {
        state.withLock { state in
            for client in state.clients { _ = unsafe send(client, bytes, bytes.count, Sockets.noSignal) }
        }
    }

    /// Ends all connections without a word.
    func cut() {
        state.withLock { state in
            for socket in state.open { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// The settings of a client.
    func connection(_ more: String = "") -> String {
        let tls = kind == .plain ? "disable" : "require"
        return "host=127.0.0.1 port=\(port) dbname=postgres user=postgres gssencmode=disable sslmode=\(tls) \(more)"
    }

    // MARK: On threads of its own

    private func accept() {
        while true {
            let client = Foundation.accept(listener, nil, nil)
            if client < 0 { return }
            let isIgnored = state.withLock { state in
                state.open.append(client)
                state.clients.append(client)
                return state.ignoresNewOnes
            }
            if isIgnored { continue }
            Thread.detachNewThread {
                do {
                    let path = "\(self.server.folder)/.s.PGSQL.\(self.server.port)"
                    let server = try Sockets.connect(to: path)
                    let peer = self.kind == .plain ? server : try self.encrypt(client, server)
                    self.state.withLock { $0.open.append(peer) }
                    Thread.detachNewThread { self.pass(from: client, to: peer) }
                    self.pass(from: peer, to: client, observing: self.kind == .longRecords)
                } catch {
                    shutdown(client, Int32(SHUT_RDWR))
                }
            }
        }
    }

    /// Answers the request for TLS, and returns a socket with the bytes of the other side's TLS.
    private func encrypt(_ client: Int32, _ server: Int32) throws -> Int32 {
        var request = [UInt8](repeating: 0, count: 8)
        guard unsafe recv(client, &request, 8, Int32(MSG_WAITALL)) == 8, request[4...] == [4, 0xD2, 0x16, 0x2F]
        else { throw CannotRelay() }
        var answer = UInt8(ascii: "S")
        unsafe _ = write(client, &answer, 1)
        // OpenSSL takes the path for the name of a service, which may have 31 bytes.
        let path = "/tmp/pool-\(UInt32.random(in: 0 ... .max)).tls"
        defer { unsafe _ = unlink(path) }
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "s_server", "-quiet", "-unix", path, "-naccept", "1", "-cert", self.server.file("server.crt"),
            "-key",
            self.server.file("server.key"),
        ]
        // What it reads from here, up to 16 kB at once, becomes a record.
        openssl.standardInput = FileHandle(fileDescriptor: server, closeOnDealloc: false)
        openssl.standardOutput = FileHandle(fileDescriptor: server, closeOnDealloc: false)
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        close(server)
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline, openssl.isRunning {
            if let socket = try? Sockets.connect(to: path) { return socket }
            sched_yield()
        }
        throw CannotRelay()
    }

    private func pass(from source: Int32, to target: Int32, observing: Bool = false) {
        var bytes = [UInt8](repeating: 0, count: 262_144)
        var records = RecordLengths()
        while true {
            let count = unsafe recv(source, &bytes, bytes.count, 0)
            if count <= 0 { break }
            if observing {
                records.read(bytes[..<count])
                let longest = records.longest
                state.withLock { $0.longestRecord = max($0.longestRecord, longest) }
            }
            var start = 0
            while start < count {
                let sent = unsafe bytes[start..<count].withUnsafeBytes { part in
                    unsafe send(target, part.baseAddress, part.count, Sockets.noSignal)
                }
                if sent <= 0 { break }
                start += sent
            }
            if start < count { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    deinit {
        stopListening()
    }
}

/// Finds the lengths of TLS records in what is sent: two bytes after a type and a version.
private struct RecordLengths {
    private(set) var longest = 0
    private var header: [UInt8] = []
    private var left = 0

    mutating func read(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            if left > 0 {
                left -= 1
                continue
            }
            header.append(byte)
            if header.count == 5 {
                left = Int(header[3]) << 8 | Int(header[4])
                longest = max(longest, left)
                header = []
            }
        }
    }
}
