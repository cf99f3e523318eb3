import CBaseline

/// Tasks that come all at once while nothing is open, as the C programs have them: until all are served, again and
/// again.
package enum Storm {
    /// - Parameters:
    ///   - open: Makes what the tasks come to.
    ///   - operation: What each task does once.
    ///   - close: Is not measured.
    package static func measure<Target: Sendable>(
        _ load: Load, on executor: (any TaskExecutor)? = nil, open: () async throws -> Target,
        _ operation: @escaping @Sendable (Target) async throws -> Void, close: (Target) async throws -> Void
    ) async throws -> Figures {
        let latencies = try LatencyRecord()
        var (result, first) = (measurement_result(), measurement_result())
        func storm(_ result: inout measurement_result) async throws -> Int64 {
            let target = try await open()
            let start = measurement_now()
            measurement_begin(&result)
            try await withThrowingTaskGroup { group in
                for _ in 0..<load.tasks { group.addTask(on: executor) { try await operation(target) } }
                try await group.waitForAll()
            }
            measurement_end(&result)
            let elapsed = measurement_now() - start
            try await close(target)
            return elapsed
        }
        // For what the first uses cost.
        _ = try await storm(&first)
        while result.elapsed < Int64(load.seconds * 1e9) { latencies.add(try await storm(&result), 1) }
        latencies.fill(&result)
        return try Figures(result)
    }
}
