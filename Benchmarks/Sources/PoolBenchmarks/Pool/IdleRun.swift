import CBaseline
import Measuring
import PoolCore

/// What an idle connection takes of memory, beside what the driver has of it.
struct IdleRun: Codable {
    let connections: Int
    /// False: the driver's objects alone.
    let isPooled: Bool

    func measure() async throws -> Figures {
        var result = measurement_result()
        result.operations = Int64(connections)
        let memory = measurement_resident_memory()
        measurement_begin(&result)
        let pool = isPooled ? try await NoOpDriver.pool(connections: connections) : nil
        let objects = isPooled ? [] : (0..<connections).map { _ in NoOpDriver.Connection() }
        measurement_end(&result)
        result.memory = measurement_resident_memory() - memory
        withExtendedLifetime(objects) {}
        try await pool?.close()
        return try Figures(result)
    }
}
