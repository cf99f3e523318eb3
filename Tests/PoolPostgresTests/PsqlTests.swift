import Foundation
import PoolPostgres
import PoolTesting
import ServerTestSupport
import Testing

extension PostgresTests {
    @Suite("Postgres and psql", .timeLimit(.minutes(5)))
    struct PsqlTests {
        private static let count = isFullCampaign ? 1_000 : 100

        @Test("random values of every type are what psql prints, read as text and in binary, and go back as they came")
        func randomValues() async throws {
            let seed = ProcessInfo.processInfo.environment["POOL_TEST_SEED"].flatMap { UInt64($0) }
            var literals = RandomLiteral(random: SeededRandom(seed: seed ?? .random(in: 1...1_000_000_000)))
            print(
                "values: POOL_TEST_SEED=\(literals.random.seed), \(Self.count) of each of \(RandomLiteral.types.count) types"
            )
            let server = try PrivatePostgres.shared.get()
            var script = """
                SET client_min_messages = error; DROP SCHEMA IF EXISTS psql CASCADE; CREATE SCHEMA psql; SET search_path = psql;
                CREATE TYPE random_mood AS ENUM ('sad', 'happy', 'it''s "odd"');

                """
            for (index, type) in RandomLiteral.types.enumerated() {
                script += "CREATE TABLE type_\(index) (i int, v \(type));\n"
                for number in 0..<Self.count {
                    script += "INSERT INTO type_\(index) VALUES (\(number), \(literals.literal(type)));\n"
                }
                script += "SELECT \(index), v IS NULL, v FROM type_\(index) ORDER BY i;\n"
            }
            let printed = try psql(script, server)
            try await withConnection {
                $0.more = "options='-c search_path=psql -c timezone=UTC'"
            } _: { _, connection async throws in
                for (index, type) in RandomLiteral.types.enumerated() {
                    let expected = try #require(printed["\(index)"])
                    #expect(expected.count == Self.count)
                    let values = try await read(connection, index, type, expected)
                    for value in values { try await echo(connection, value, type) }
                }
                try await connection.executeScript("DROP SCHEMA psql CASCADE")
            }
        }

        /// The first use of a statement reads text, and those after it read binary where that is known.
        private func read(
            _ connection: PostgresConnection, _ index: Int, _ type: String, _ expected: [String?]
        ) async throws -> [SQLValue] {
            var values: [SQLValue] = []
            for use in 1...3 {
                values = try await connection.values("SELECT v FROM type_\(raw: "\(index)") ORDER BY i")
                #expect(values.count == expected.count)
                for (value, text) in zip(values, expected) {
                    let own = ServerText.of(value, type: type)
                    let theirs = text.map { ServerText.comparable($0, type: type) }
                    // Byte for byte: Swift takes strings for equal that are written in different ways.
                    let isSame = own.map { Array($0.utf8) } == theirs.map { Array($0.utf8) }
                    #expect(isSame, "\(type), use \(use): \(own ?? "NULL") for \(text ?? "NULL")")
                }
            }
            return values
        }

        private func echo(_ connection: PostgresConnection, _ value: SQLValue, _ type: String) async throws {
            // To format is what psql does too; a cast to text is not.
            let back = try await connection.values(
                "SELECT \(value)::\(raw: type), format('%s', \(value)::\(raw: type))")
            let text = ServerText.of(value, type: type)
            #expect(ServerText.of(back[0], type: type) == text, "\(type): \(value) comes back as \(back[0])")
            guard case .text(let formatted) = back[1] else { throw CannotHappen() }
            #expect(
                ServerText.comparable(formatted, type: type) == text ?? "", "\(type): \(value) is \(formatted) there")
        }

        private struct CannotHappen: Error {}

        /// What the script's queries print of each type, in order; nil for NULL.
        private func psql(_ script: String, _ server: PrivatePostgres) throws -> [String: [String?]] {
            let options = try String(contentsOfFile: "\(server.folder)/data/postmaster.opts", encoding: .utf8)
            let programs = URL(filePath: String(options.prefix { $0 != " " })).deletingLastPathComponent()
            let file = FileManager.default.temporaryDirectory.appending(path: "pool-psql-\(UUID().uuidString)")
            try script.write(to: file, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(at: file) }
            let process = Process()
            process.executableURL = programs.appending(path: "psql")
            process.arguments = [
                "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator-zero",
                "--record-separator-zero",
                "--set", "ON_ERROR_STOP=1", "--file", file.path(),
                server.connection(more: "client_encoding=UTF8 options='-c timezone=UTC'"),
            ]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0, "psql failed")
            let fields = data.split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            var printed: [String: [String?]] = [:]
            for start in stride(from: 0, to: fields.count - 2, by: 3) {
                printed[fields[start], default: []].append(fields[start + 1] == "t" ? nil : fields[start + 2])
            }
            return printed
        }
    }
}
