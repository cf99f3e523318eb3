import Foundation

/// Text in columns, as Markdown.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: [String]) {
        self.header = header
    }

    mutating func add(_ row: [String]) {
        rows.append(row)
    }

    /// The first column to the left, numbers to the right.
    var markdown: String {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + space : space + cell.0
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.enumerated().map { column, width in
            String(repeating: "-", count: width + 1) + (column == 0 ? "-" : ":")
        }
        return ([line(header), "|" + rule.joined(separator: "|") + "|"] + rows.map(line)).joined(separator: "\n")
    }
}

extension Comparison {
    /// All that was measured, each contender in a line.
    var markdown: String {
        let hasTimes = rounds.joined().contains { $0.p50 > 0 }
        let hasMemory = rounds.joined().contains { $0.memoryEach != nil }
        var table = Table(
            ["contender", "a second"] + (hasTimes ? ["p50", "p99", "p99.9"] : [])
                + ["CPU each"] + (hasMemory ? ["memory each"] : []) + ["throughput ratio", "CPU ratio"])
        for (index, contender) in contenders.enumerated() {
            var row = [contender, Form.count(median(index, \.throughput))]
            if hasTimes {
                row += [\Measurement.p50, \.p99, \.p999].map { time in
                    Form.time(median(index) { Double($0[keyPath: time]) })
                }
            }
            row.append(Form.time(median(index, \.processorTimePerOperation)))
            if hasMemory { row.append("\(Form.count(median(index) { Double($0.memoryEach ?? 0) })) bytes") }
            row += [Form.ratio(ratio(index, \.throughput)), Form.ratio(ratio(index, \.processorTimePerOperation))]
            table.add(row)
        }
        return "### \(fullTitle)\n\n\(table.markdown)\n"
    }
}

/// How numbers look.
enum Form {
    static func ratio(_ spread: Spread) -> String {
        String(format: "%.2f [%.2f–%.2f]", spread.median, spread.minimum, spread.maximum)
    }

    static func ratio(_ ratio: Double) -> String { String(format: "%.2f", ratio) }

    static func count(_ number: Double) -> String {
        let digits = String(format: "%.0f", number)
        var groups = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { groups += "," }
            groups.append(digit)
        }
        return groups
    }

    static func time(_ nanoseconds: Double) -> String {
        switch nanoseconds {
        case ..<1e3: String(format: "%.0f ns", nanoseconds)
        case ..<1e4: String(format: "%.2f µs", nanoseconds / 1e3)
        case ..<1e6: String(format: "%.1f µs", nanoseconds / 1e3)
        case ..<1e9: String(format: "%.2f ms", nanoseconds / 1e6)
        default: String(format: "%.2f s", nanoseconds / 1e9)
        }
    }
}
