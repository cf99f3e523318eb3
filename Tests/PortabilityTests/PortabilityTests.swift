import Testing

/// The same code, compiled once, on all three databases.
@Suite(
    "Code for any database", .serialized,
    .enabled(if: Databases.areAvailable, "PostgreSQL's or MariaDB's server is not installed"), .timeLimit(.minutes(3)))
struct PortabilityTests {
    private static let programs: [any Program] =
        Kind.allCases.map { Values(kind: $0) }
        + [Decoding(), Statements(), Transactions(), Batches(), Streams(), Errors(), Keys(), FoundationTypes()]

    @Test("a program gives the same answers on each database", arguments: programs)
    func sameAnswers(program: any Program) async throws {
        for (database, lines) in try await Databases.answers(of: program) {
            #expect(lines.count == program.expected.count, "\(program) on \(database)")
            for (line, expected) in zip(lines, program.expected) {
                #expect(line == expected, "\(program) on \(database)")
            }
        }
    }
}
