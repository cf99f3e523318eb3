import Foundation
import ServerTestSupport

/// A server that wants to know the password of its first client.
struct PasswordThief: Sendable {
    struct Failed: Error {}

    /// With which the client shall prove who it is.
    let plugin: String
    /// True if the first packet names the plug-in too.
    let isAnnounced: Bool
    let offersTLS: Bool

    /// Returns all that the client has sent, but for what TLS needs, and what it has encrypted for the thief's key.
    func server() throws -> ScriptedServer {
        let server = try PrivateMariaDB.shared.get()
        let key = try Self.key.get()
        return try ScriptedServer { client in
            var loot: [UInt8] = []
            try? rob(client, server, key, &loot)
            return loot
        }
    }

    private static let scramble = Array("abcdefghijklmnopqrst".utf8)

    private func rob(_ first: ScriptedClient, _ server: PrivateMariaDB, _ key: Key, _ loot: inout [UInt8]) throws {
        var client = first
        try client.send(
            0, ScriptedServer.greeting(hasTLS: offersTLS, plugin: isAnnounced ? plugin : "mysql_native_password"))
        var packet = try client.receive()
        // The request for TLS has no user.
        if packet.bytes.count == 32 {
            client = try client.encrypted(server.file("server.crt"), server.file("server.key"))
            packet = try client.receive()
        }
        loot += packet.bytes
        try client.send(packet.number &+ 1, [0xFE] + Array("\(plugin)\0".utf8) + Self.scramble + [0])
        while true {
            packet = try client.receive()
            loot += packet.bytes
            switch packet.bytes.count {
            // It asks for the key.
            case 1 where packet.bytes[0] < 3: try client.send(packet.number &+ 1, [1] + key.publicText)
            // To have proved it is not enough: "perform full authentication".
            case 32: try client.send(packet.number &+ 1, [1, 4])
            case 256:
                let text = try key.decrypt(packet.bytes)
                loot += text.enumerated().map { $1 ^ Self.scramble[$0 % Self.scramble.count] }
                return
            default: return
            }
        }
    }

    /// A key of RSA, in a file.
    struct Key: Sendable {
        let publicText: [UInt8]
        private let path: String

        fileprivate init() throws {
            path = NSTemporaryDirectory() + "pool-thief-\(UUID().uuidString).pem"
            try Data(Self.run(["genrsa", "2048"])).write(to: URL(filePath: path))
            publicText = try Self.run(["rsa", "-in", path, "-pubout"])
        }

        fileprivate func decrypt(_ bytes: [UInt8]) throws -> [UInt8] {
            let input = path + ".in"
            try Data(bytes).write(to: URL(filePath: input))
            return try Self.run(
                ["pkeyutl", "-decrypt", "-inkey", path, "-pkeyopt", "rsa_padding_mode:oaep", "-in", input])
        }

        private static func run(_ arguments: [String]) throws -> [UInt8] {
            let openssl = Process()
            openssl.executableURL = URL(filePath: "/usr/bin/env")
            openssl.arguments = ["openssl"] + arguments
            let output = Pipe()
            openssl.standardOutput = output
            openssl.standardError = FileHandle.nullDevice
            try openssl.run()
            let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
            openssl.waitUntilExit()
            guard openssl.terminationStatus == 0 else { throw Failed() }
            return Array(bytes)
        }
    }

    private static let key: Result<Key, any Error> = Result { try Key() }
}

extension ScriptedClient {
    /// The client's other side once it has begun TLS, which the program `openssl` speaks.
    func encrypted(_ certificate: String, _ key: String) throws -> ScriptedClient {
        var pair: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Sockets.stream, 0, &pair) == 0 else { throw PasswordThief.Failed() }
        // OpenSSL takes the path for the name of a service, which may have 31 bytes.
        let path = "/tmp/pool-\(UInt32.random(in: 0 ... .max)).tls"
        defer { unsafe _ = unlink(path) }
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = ["openssl", "s_server", "-quiet", "-unix", path, "-naccept", "1"]
        openssl.arguments? += ["-cert", certificate, "-key", key]
        openssl.standardInput = FileHandle(fileDescriptor: pair[0], closeOnDealloc: false)
        openssl.standardOutput = FileHandle(fileDescriptor: pair[0], closeOnDealloc: false)
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        close(pair[0])
        while openssl.isRunning {
            guard let socket = try? Sockets.connect(to: path) else {
                sched_yield()
                continue
            }
            // The server closes its own.
            let copy = dup(descriptor)
            AlternatingProxy.copy(copy, socket)
            AlternatingProxy.copy(socket, copy)
            return ScriptedClient(descriptor: pair[1])
        }
        throw PasswordThief.Failed()
    }
}
