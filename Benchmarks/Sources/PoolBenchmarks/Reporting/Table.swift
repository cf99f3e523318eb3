import Foundation
import Measuring

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
    private struct Column {
        let title: String
        let cell: (_ contender: Int) -> String
    }

    /// All that was measured, each contender in a line.
    var markdown: String {
        let columns = columns
        var table = Table(["contender"] + columns.map(\.title))
        for (index, contender) in contenders.enumerated() { table.add([contender] + columns.map { $0.cell(index) }) }
        let notes = absent.map { "\nNot measured: \($0).\n" }.joined()
        return "### \(title)\n\n\(table.markdown)\n\(notes)"
    }

    private var columns: [Column] {
        var columns = isTimed ? times : []
        if has(\.allocationsEach) {
            columns.append(Column(title: "allocations each") { Form.number(spread($0) { $0.allocationsEach ?? 0 }) })
        }
        if has(\.memoryEach) {
            columns.append(
                Column(title: "memory each") { "\(Form.count(spread($0) { $0.memoryEach ?? 0 }.median)) bytes" })
        }
        return columns
    }

    private var times: [Column] {
        let hasTimes = has { Double($0.p50) }
        var columns = [Column(title: "a second") { Form.count(spread($0, \.throughput).median) }]
        if hasTimes {
            columns.append(time("p50") { Double($0.p50) })
            columns.append(time("p99") { Double($0.p99) })
            columns.append(time("p99.9") { Double($0.p999) })
        }
        columns.append(time("CPU each") { $0.processorTimeEach })
        columns.append(Column(title: "throughput ratio") { Form.number(ratio($0, \.throughput)) })
        columns.append(Column(title: "CPU ratio") { Form.number(ratio($0, \.processorTimeEach)) })
        if hasTimes, contenders[0].hasPrefix("C") {
            columns.append(Column(title: "p99 ratio") { tailRatio($0).map(Form.number) ?? "" })
        }
        return columns
    }

    private func time(_ title: String, _ value: @escaping (Figures) -> Double) -> Column {
        Column(title: title) { Form.time(spread($0, value).median) }
    }
}

/// How numbers look.
enum Form {
    /// The median, the least and the greatest.
    static func number(_ spread: Spread) -> String {
        "\(number(spread.median)) [\(number(spread.minimum))–\(number(spread.maximum))]"
    }

    static func number(_ number: Double) -> String {
        number < 1000 ? String(format: "%.2f", number) : count(number)
    }

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
