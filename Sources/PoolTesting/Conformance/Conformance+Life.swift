import PoolSQL

extension DriverConformance {
    var lifeChecks: [ConformanceCheck] {
        var checks = [
            ConformanceCheck("a new connection is clean and answers") {
                try await withConnection { bench in try await bench.expectHealthy(after: "connect") }
            },
            ConformanceCheck("a healthy connection passes its validation") {
                try await withConnection { bench in
                    try await bench.connection.validate()
                    try await bench.expectHealthy(after: "validate")
                }
            },
            ConformanceCheck("a reset of a clean connection changes nothing") {
                try await withConnection { bench in
                    try await bench.connection.reset()
                    try await bench.expectHealthy(after: "reset")
                }
            },
            ConformanceCheck("the name is short and in lower case, and there are lanes for reading and for writing") {
                let driver = try await subject.makeDriver()
                let name = driver.name
                let isFine = !name.isEmpty && name == name.lowercased() && !name.contains(" ")
                let lanes = driver.lanes(maximumConnections: 4)
                await subject.dispose(driver)
                try expect(isFine, "the name is \"\(name)\"")
                for access in [PoolAccess.readOnly, .readWrite] {
                    try expect(lanes.contains { $0.serves.contains(access) }, "no lane serves \(access)")
                }
            },
            ConformanceCheck("errors of the application, and cancellation, say nothing against a connection") {
                try await withConnection { bench in
                    try await bench.expectKept(ErrorOfTheApplication(), after: "an error of the application")
                    try await bench.expectKept(CancellationError(), after: "a cancellation")
                }
            },
            ConformanceCheck("a connection closes in order while a cursor is open") {
                let driver = try await subject.makeDriver()
                let connection = try await connect(driver)
                try await createNumbers(1_000, on: connection)
                let cursor = try await connection.open("SELECT i FROM numbers ORDER BY i")
                _ = try await cursor.next(maximumRows: 10)
                await connection.close(.orderly)
                try? await cursor.close()
                await subject.dispose(driver)
            },
            ConformanceCheck("a statement on a closed connection throws") {
                let driver = try await subject.makeDriver()
                let connection = try await connect(driver)
                await connection.close(.orderly)
                try await expectError("a statement on a closed connection") {
                    _ = try await connection.query("SELECT 1")
                }
                try expect(connection.condition == .broken, "a closed connection is \(connection.condition)")
                await subject.dispose(driver)
            },
        ]
        if let makeRefusedDriver = subject.makeRefusedDriver {
            checks.append(refusalCheck(makeRefusedDriver))
        }
        return checks
    }

    private func refusalCheck(_ makeRefusedDriver: @escaping @Sendable () async throws -> Driver) -> ConformanceCheck {
        ConformanceCheck("a connect that can never succeed is refused, and fails who waits at once") {
            let driver = try await makeRefusedDriver()
            let error = try await expectError("a connect that cannot") { _ = try await connect(driver) }
            try expect(driver.verdict(on: error) == .refused, "the verdict is \(driver.verdict(on: error)): \(error)")
            let pool = try Pool(driver: driver, configuration: PoolConfiguration(acquireTimeout: .seconds(60)))
            let refusal = try await expectError("an acquire") { _ = try await pool.query("SELECT 1") }
            try await pool.close(drain: .zero)
            let poolError = refusal as? PoolError
            try expect(poolError?.code == .connectRefused, "the acquire failed with \(refusal)")
            try expect(poolError?.lastConnectError != nil, "the refusal does not name the connect's error")
        }
    }
}

/// An error that no driver can know.
private struct ErrorOfTheApplication: Error {}
