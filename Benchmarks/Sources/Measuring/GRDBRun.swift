/// What the program with GRDB is told to do.
package struct GRDBRun: Codable, Sendable {
    /// Whether it awaits its reads and writes, or blocks its thread for them.
    package let isAsync: Bool
    package let work: Work
    package let load: Load
    /// Connections that read; there is one more that writes.
    package let connections: Int

    package init(isAsync: Bool, work: Work, load: Load, connections: Int) {
        self.isAsync = isAsync
        self.work = work
        self.load = load
        self.connections = connections
    }
}
