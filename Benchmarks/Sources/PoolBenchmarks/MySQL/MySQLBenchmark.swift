import Foundation

/// This package's driver and a program in C that uses libmariadb, on one server.
struct MySQLBenchmark {
    let options: Options

    /// Prints each comparison when it is complete.
    func run() async throws -> [Comparison] {
        let statements = try options.chosen(MySQLStatement.self)
        let given = try options.url.map(MySQLAddress.init(url:))
        let server = given == nil ? try MySQLServer() : nil
        defer { server?.stop() }
        guard let address = given ?? server?.address else { throw BenchmarkError("there is no server") }
        let tables = MySQLTables(address: address)
        try await tables.create()
        let result: Result<[Comparison], any Error>
        do { result = .success(try await compare(statements, address)) } catch { result = .failure(error) }
        if server == nil { try await tables.drop() }
        return try result.get()
    }

    private func compare(_ statements: [MySQLStatement], _ address: MySQLAddress) async throws -> [Comparison] {
        let environment = [MySQLRun.addressVariable: try address.encoded()]
        var comparisons: [Comparison] = []
        for statement in statements {
            for tasks in options.tasks ?? [1, 8, 64] {
                let contenders = MySQLContender.all(for: statement)
                let load = statement.load(tasks: tasks, seconds: options.seconds)
                comparisons.append(
                    try Comparison(
                        title: "MariaDB: \(statement.title)", tasks: load.tasks,
                        contenders: contenders.map(\.rawValue),
                        rounds: options.rounds
                    ) { contender in
                        let run = MySQLRun(
                            contender: contenders[contender], statement: statement, load: load, connections: 8)
                        return try ContenderProcess.measure(.mysql(run), environment: environment)
                    })
            }
        }
        return comparisons
    }
}
