extension PoolStatistics: CustomStringConvertible {
    /// A report for people, a line for each number.
    public var description: String {
        var lines = [
            ("pool", pool), ("driver", "\(information)"), ("status", status.rawValue), ("up", uptime.text),
            ("counted for", uptimeSinceReset.text),
        ]
        lines += requestLines + connectionLines
        if lanes.count > 1 { lines += lanes.map { ("lane \($0.name)", "\($0.counts)") } }
        lines += configuration.lines
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { name, value in
            name + String(repeating: ".", count: width + 2 - name.count) + " " + value
        }.joined(separator: "\n")
    }

    private var requestLines: [(String, String)] {
        [
            ("acquires asked for", "\(requests)"), ("enqueued", "\(counters.enqueued)"),
            ("dequeued", "\(counters.dequeued)"),
            ("failed", "\(counters.failed)"), ("rejected", "\(counters.rejected)"),
            ("timed out", "\(counters.timedOut)"),
            ("cancelled", "\(counters.cancelled)"),
            ("rejected by the close", "\(counters.rejectedAtClose) waiting, \(counters.refusedAtClose) later"),
            ("waiting now", "\(counts.waiting)"), ("most waiting at once", "\(counters.peakWaiting)"),
            ("time in queue", queueTime.sum.text), ("shortest in queue", queueTime.minimum?.text ?? "none"),
            ("longest in queue", queueTime.maximum?.text ?? "none"), ("average in queue", queueTime.average.text),
            ("leases given", "\(counters.acquired)"), ("most leased at once", "\(counters.peakLeased)"),
            ("wait", wait.summary), ("use", use.summary),
        ]
    }

    private var connectionLines: [(String, String)] {
        [
            ("connections", "\(counts)"),
            ("connections opened", "\(counters.connectionsOpened), \(counters.connectFailures) connects failed"),
            ("connections closed", closedSummary), ("connect", connect.summary),
            ("validations", "\(counters.validations)"),
            ("resets", "\(counters.resets)"), ("leak warnings", "\(counters.leakWarnings)"),
        ]
    }

    private var closedSummary: String {
        let reasons = ConnectionCloseReason.allCases.compactMap { reason in
            counters.connectionsClosed[reason].map { "\($0) \(reason.rawValue)" }
        }
        return reasons.isEmpty ? "0" : reasons.joined(separator: ", ")
    }
}

extension PoolHistogram {
    /// Count, mean and percentiles in one line.
    fileprivate var summary: String {
        guard count > 0 else { return "none" }
        return "\(count) times, mean \(mean.text), median \(percentile(0.5).text), 99 % \(percentile(0.99).text), "
            + "longest \(maximum.text)"
    }
}
