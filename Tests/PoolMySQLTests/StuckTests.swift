import Foundation
@_spi(Driver) import PoolSQL
import PoolTesting
import ServerTestSupport
import Testing

@testable import PoolMySQL

extension MySQLTests {
    @Suite("Calls of libmariadb that do not return, and answers to nothing", .timeLimit(.minutes(2)))
    struct StuckTests {
        @Test("a call that is stuck costs its thread alone: its connection's place comes back, and others go on")
        func stuck() async throws {
            try await withPool(2) { pool in
                let gate = DispatchSemaphore(value: 0)
                let isStuck = Flag()
                let holder = Task {
                    try await pool.withConnection { lease in
                        try await lease.handle.connection.perform { _ in
                            isStuck.set()
                            gate.wait()
                        }
                    }
                }
                while !isStuck.isSet { await Task.yield() }
                pool.clear(interrupt: true)
                // Both places are there again, and have threads.
                while pool.statistics.counts.total > 0 { await Task.yield() }
                try await pool.withConnection { first in
                    try await pool.withConnection { second in
                        _ = try await first.query("SELECT 1")
                        _ = try await second.query("SELECT 1")
                    }
                }
                gate.signal()
                _ = await holder.result
            }
        }

        @Test("a reset after which a result is announced that never comes closes the connection, and does not wait")
        func announced() async throws {
            let server = try PrivateMariaDB.shared.get()
            let name = try await server.createDatabase()
            let isHostile = Flag()
            let relay = try EditingRelay(to: server) { packet in
                // The end of rows in the text protocol, with SERVER_MORE_RESULTS_EXISTS.
                if isHostile.isSet, packet.count == 5, packet[0] == 0xFE { packet[3] |= 8 }
            }
            defer { relay.stop() }
            try await withPool(1) {
                $0.connect(toPort: relay.port)
                $0.database = name
            } _: { pool async throws in
                try await pool.execute("CREATE PROCEDURE p() DO 1")
                // After the first the role of a login is known, and after the second it is asked for.
                try await pool.execute("CALL p()")
                try await pool.withConnection { lease in
                    try await lease.execute("CALL p()")
                    isHostile.set()
                }
                while pool.statistics.counts.total > 0 { await Task.yield() }
                isHostile.clear()
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
            }
        }

        @Test("an answer that comes twice is not the answer to the next statement", arguments: [false, true])
        func doubled(isPrepared: Bool) async throws {
            let isDoubling = Flag()
            let relay = try EditingRelay(to: PrivateMariaDB.shared.get(), once: isDoubling) { $0 += $0 }
            defer { relay.stop() }
            try await withPool(1) {
                $0.connect(toPort: relay.port)
                $0.statementProtocol = isPrepared ? .prepared : .textWithoutBinds
            } _: { pool async throws in
                // Prepared before, so that the answer of its execution comes twice.
                for number in [1, 77] { _ = try await pool.query("SELECT \(raw: "\(number)")") }
                isDoubling.set()
                let first = try? await pool.query("SELECT 1").decode(Int.self)
                isDoubling.clear()
                #expect(first == nil || first == [1])
                #expect(try await pool.query("SELECT 77").decode(Int.self) == [77])
                #expect(pool.statistics.connectionsOpened == 2)
            }
        }

        @Test("a statement that was prepared by a doubled answer never runs", .timeLimit(.minutes(1)))
        func doubledWhilePreparing() async throws {
            let isDoubling = Flag()
            let relay = try EditingRelay(to: PrivateMariaDB.shared.get(), once: isDoubling) { $0 += $0 }
            defer { relay.stop() }
            try await withPool(1) {
                $0.connect(toPort: relay.port)
            } _: { pool async throws in
                _ = try await pool.query("SELECT 1")
                isDoubling.set()
                await #expect(throws: MySQLError.self) { _ = try await pool.query("SELECT 2 + \(2)") }
                isDoubling.clear()
                for number in 1...5 {
                    #expect(try await pool.query("SELECT \(number)").decode(Int.self) == [number])
                }
                #expect(pool.statistics.connectionsOpened == 2)
            }
        }

        #if os(Linux)
        @Test("a program that the process starts gets no connection, nor the one that stops statements")
        func children() async throws {
            let server = try PrivateMariaDB()
            var settings = MySQLTestSettings()
            settings.connect(toPort: server.port)
            try await withPool(1, of: MySQLDriver(configuration: try settings.configuration(server))) { pool in
                let task = Task { try await pool.query("SELECT SLEEP(1000)") }
                let running = "SELECT count(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(1000)'"
                while try server.printed(running) != [["1"]] { await Task.yield() }
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                let own = try connections(to: server.port)
                // The pool's, its copy, and the one that has stopped the statement.
                #expect(own.count >= 2)
                let inherited = try socketsOfChild()
                #expect(own.intersection(inherited).isEmpty, "\(own) \(inherited)")
            }
        }

        /// The names of this process's sockets that lead to `port`: `socket:[123]`.
        private func connections(to port: Int) throws -> Set<String> {
            var names: Set<String> = []
            for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
                guard let descriptor = Int32(name) else { continue }
                var address = sockaddr_in()
                var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe getpeername(descriptor, $0, &length)
                    }
                }
                guard result == 0, Int(in_port_t(bigEndian: address.sin_port)) == port else { continue }
                names.insert(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"))
            }
            return names
        }

        /// What a program has that is started as any C library would: Foundation's `Process` closes what it does not
        /// hand on.
        private func socketsOfChild() throws -> Set<String> {
            let path = NSTemporaryDirectory() + "pool-child-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: path) }
            let words = ["/bin/sh", "-c", "ls -l /proc/self/fd > \(path)"]
            var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) } + [nil]
            defer { unsafe arguments.forEach { unsafe free($0) } }
            var child: pid_t = 0
            try #require(unsafe posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ) == 0)
            var status: Int32 = 0
            unsafe waitpid(child, &status, 0)
            let listing = try String(contentsOfFile: path, encoding: .utf8)
            #expect(listing.contains("->"))
            return Set(
                listing.split(whereSeparator: \.isWhitespace).map(String.init).filter { $0.hasPrefix("socket:") })
        }
        #endif
    }
}
