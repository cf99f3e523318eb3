import CBaseline
import Measuring
import PoolCore

/// Who takes connections that do nothing, and gives them back.
enum PoolContender: String, Codable {
    case yields = "bare yields"
    case mutex = "C, mutex and vector"
    case atomic = "C, atomic stack"
    case pool = "pool"
}

/// One contender, once.
struct PoolRun: Codable {
    let contender: PoolContender
    let load: Load
    let connections: Int
    /// Whether each task lets others run while it holds a connection.
    let yields: Bool

    func measure() async throws -> Figures {
        switch contender {
        case .yields: try await load.measure { _ in await Task.yield() }
        case .mutex: try measureInC(pool_mutex)
        case .atomic: try measureInC(pool_atomic)
        case .pool: try await measurePool()
        }
    }

    private typealias Program = (
        UnsafePointer<pool_run>, UnsafeMutablePointer<measurement_result>, UnsafeMutablePointer<CChar>, Int
    ) -> Int32

    private func measureInC(_ program: Program) throws -> Figures {
        var run = pool_run(connections: Int32(connections), yields: yields, load: load.loadOfC)
        return try Figures.ofProgram { program(&run, $0, $1, $2) }
    }

    private func measurePool() async throws -> Figures {
        let pool = try await NoOpDriver.pool(connections: connections)
        let cycles = load.operationsPerCall
        let measurement =
            yields
            ? try await load.measure { _ in try await pool.withConnection { _ in await Task.yield() } }
            : try await load.measure { _ in
                for _ in 0..<cycles { try await pool.withConnection { _ in } }
            }
        try await pool.close()
        return measurement
    }
}
