import PoolSQL

extension SQLDriverConformance {
    var lifeChecks: [ConformanceCheck] {
        [
            ConformanceCheck("a connection closes in order while a cursor is open") {
                let driver = try await subject.makeDriver()
                let connection = try await connect(driver)
                try await createNumbers(1_000, on: connection)
                let cursor = try await connection.open("SELECT i FROM numbers ORDER BY i")
                _ = try await cursor.next(maximumRows: 10)
                await connection.close(.orderly)
                try? await cursor.close()
                await subject.dispose(driver)
            }
        ]
    }
}
