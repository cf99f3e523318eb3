import PoolSQL

/// What happened, for people.
struct Report {
    let options: QuickstartOptions
    let imported: ImportOutcome
    let load: LoadOutcome?
    let statistics: PoolStatistics
    let checks: [Check]

    /// Something that must be true at the end.
    struct Check: Sendable {
        let title: String
        let holds: Bool
    }

    var text: String {
        var sections = [importSection]
        sections.append(load.map(loadSection) ?? "Load\n\n  none: interrupted")
        sections += [
            times("Wait for a connection", statistics.wait),
            times("Use of a connection", statistics.use),
            times("Connect", statistics.connect),
            "Pool at the end of the load\n\n" + indented(statistics.description),
            checkSection,
        ]
        return sections.joined(separator: "\n\n")
    }

    private var importSection: String {
        let rate = Int(Double(imported.transitions) / max(imported.duration.inSeconds, 0.000_001))
        return """
            Import

              \(imported.zones.grouped) time zones, \(imported.transitions.grouped) transitions in \
            \(imported.duration.short), \(options.writers) writers: \(rate.grouped) rows/s
            """
    }

    private func loadSection(_ load: LoadOutcome) -> String {
        let seconds = max(load.duration.inSeconds, 0.000_001)
        var lines = [
            "Load", "",
            "  \(options.tasks) tasks, \(options.poolSize) connections, \(load.duration.short)", "",
            row("operation", "count", "per second", "mean", "longest"),
        ]
        for operation in Operation.allCases {
            guard let entry = load.tally.entries[operation], entry.count > 0 else { continue }
            lines.append(
                row(
                    operation.title, entry.count.grouped, Int(Double(entry.count) / seconds).grouped,
                    (entry.total / entry.count).short, entry.longest.short
                )
            )
        }
        let total = load.tally.operations
        lines.append(row("all", total.grouped, Int(Double(total) / seconds).grouped, "", ""))
        if load.tally.failures > 0 {
            lines += ["", "  \(load.tally.failures.grouped) failed, among them:"]
            lines += load.tally.samples.map { "    \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    private func row(_ title: String, _ columns: String...) -> String {
        let line = "  " + title.filled(to: 32) + columns.map { $0.padded(to: 12) }.joined()
        return String(line.reversed().drop { $0 == " " }.reversed())
    }

    private func times(_ title: String, _ histogram: PoolHistogram) -> String {
        guard histogram.count > 0 else { return "\(title)\n\n  never" }
        let percentiles = [("median", 0.5), ("95 %", 0.95), ("99 %", 0.99)].map { name, fraction in
            "\(name) \(histogram.percentile(fraction).short)"
        }
        let summary =
            ["\(histogram.count.grouped) times", "mean \(histogram.mean.short)"] + percentiles
            + ["longest \(histogram.maximum.short)"]
        return "\(title)\n\n  " + summary.joined(separator: ", ") + "\n\n" + Chart(histogram).text
    }

    private var checkSection: String {
        "Checks\n\n" + checks.map { "  \($0.holds ? "ok    " : "FAILED")  \($0.title)" }.joined(separator: "\n")
    }

    private func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n")
    }
}
