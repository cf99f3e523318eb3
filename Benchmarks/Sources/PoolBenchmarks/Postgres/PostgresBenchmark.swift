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
                let load = statement.load(tasks: tasks, seconds: options.seconds)
                comparisons.append(
                    try Comparison(
                        title: "Postgres: \(statement.title)", tasks: load.tasks,
                        contenders: contenders.map(\.rawValue),
                        rounds: options.rounds
                    ) { contender in
                        let run = PostgresRun(
                            contender: contenders[contender], statement: statement, load: load, connections: 8)
                        return try ContenderProcess.measure(
                            .postgres(run), environment: [PostgresRun.connectionVariable: connection])
                    })
            }
        }
        return comparisons
    }
}
