import Foundation

/// This package's driver and programs in C that use libpq, on one server.
struct PostgresBenchmark {
    let options: Options

    /// Prints each comparison when it is complete.
    func run() async throws -> [Comparison] {
        let statements = try options.chosen(PostgresStatement.self)
        let server = options.url == nil ? try PostgresServer() : nil
        defer { server?.stop() }
        let connection = options.url ?? server?.connection ?? ""
        let tables = PostgresTables(connection: connection)
        try await tables.create()
        let result: Result<[Comparison], any Error>
        do { result = .success(try await compare(statements, connection)) } catch { result = .failure(error) }
        if server == nil { try await tables.drop() }
        return try result.get()
    }

    private func compare(_ statements: [PostgresStatement], _ connection: String) async throws -> [Comparison] {
        var comparisons: [Comparison] = []
        for statement in statements {
            for tasks in options.tasks ?? [1, 8, 64] {
                let contenders = PostgresContender.all(for: statement)
                var comparison = Comparison(
                    title: "Postgres: \(statement.title)", tasks: tasks, contenders: contenders.map(\.rawValue))
                try await comparison.run(rounds: options.rounds) { contender in
                    let run = PostgresRun(
                        contender: contenders[contender], statement: statement,
                        load: Load(tasks: tasks, warmUp: 0.2, seconds: options.seconds), connections: 8)
                    return try ContenderProcess.measure(
                        .postgres(run), environment: [PostgresRun.connectionVariable: connection])
                }
                print(comparison.markdown)
                fflush(nil)
                comparisons.append(comparison)
            }
        }
        return comparisons
    }
}
