import Foundation
import Measuring

/// The ratios as bars on scales that double with each line. A bar begins at 1, the first contender.
struct Chart {
    private let comparisons: [Comparison]
    /// The powers of two at the ends of the scales.
    private let first = -4
    private let last = 4
    private let left = 300.0
    private let panelWidth = 280.0
    private let gap = 110.0
    private let lineHeight = 18.0
    private let top = 50.0

    /// Leaves out what is not timed.
    init(_ comparisons: [Comparison]) {
        self.comparisons = comparisons.filter(\.isTimed)
    }

    private struct Panel {
        let title: String
        let left: Double
        let value: (Figures) -> Double
    }

    private var panels: [Panel] {
        [
            Panel(title: "throughput: longer to the right is better", left: left, value: \.throughput),
            Panel(
                title: "CPU time each: longer to the left is better", left: left + panelWidth + gap,
                value: \.processorTimeEach),
        ]
    }

    var svg: String {
        var lines: [String] = []
        var y = top
        for comparison in comparisons {
            y += lineHeight * 1.5
            lines.append(text(comparison.title, x: 10, y: y, anchor: "start", style: "title"))
            for (index, contender) in comparison.contenders.enumerated() {
                y += lineHeight
                lines.append(text(contender, x: left - 10, y: y, anchor: "end"))
                for panel in panels {
                    let isOurs = contender.hasPrefix("pool")
                    lines += bar(comparison.ratio(index, panel.value), panel, y, style: isOurs ? "ours" : "other")
                }
            }
        }
        let (width, height) = (left + 2 * (panelWidth + gap), y + 20)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(number(width))" height="\(number(height))" \
            font-family="sans-serif" font-size="12">
            <style>
            .page { fill: #fff } text { fill: #222 } .title { font-weight: bold } .scale { stroke: #ddd } .one { stroke: #888 }
            .ours { fill: #3b7dd8 } .other { fill: #9a9a9a } .spread { stroke: #222 }
            @media (prefers-color-scheme: dark) {
            .page { fill: #16181c } text { fill: #ddd } .scale { stroke: #333 } .spread { stroke: #eee }
            }
            </style>
            <rect class="page" width="100%" height="100%"/>
            \((scales(height) + lines).joined(separator: "\n"))
            </svg>

            """
    }

    private func scales(_ height: Double) -> [String] {
        panels.flatMap { panel in
            let title = text(panel.title, x: panel.left + panelWidth / 2, y: 18, anchor: "middle", style: "title")
            return [title]
                + (first...last).flatMap { power in
                    let x = position(pow(2, Double(power)), panel)
                    let label = power < 0 ? "1/\(1 << -power)" : "\(1 << power)"
                    return [
                        line(x, top, x, height - 10, style: power == 0 ? "one" : "scale"),
                        text(label, x: x, y: top - 8, anchor: "middle"),
                    ]
                }
        }
    }

    /// The bar of the median, a line from the least to the greatest, and the number.
    private func bar(_ ratio: Spread, _ panel: Panel, _ y: Double, style: String) -> [String] {
        let (one, end) = (position(1, panel), position(ratio.median, panel))
        let middle = y - lineHeight / 4
        return [
            """
            <rect class="\(style)" x="\(number(min(one, end)))" y="\(number(y - 10))" \
            width="\(number(max(abs(end - one), 1)))" height="11"/>
            """,
            line(position(ratio.minimum, panel), middle, position(ratio.maximum, panel), middle, style: "spread"),
            text(String(format: "%.2f", ratio.median), x: panel.left + panelWidth + 10, y: y, anchor: "start"),
        ]
    }

    /// Ratios beyond the scale end with it; the number beside the bar is true.
    private func position(_ ratio: Double, _ panel: Panel) -> Double {
        let power = min(max(log2(ratio), Double(first)), Double(last))
        return panel.left + (power - Double(first)) / Double(last - first) * panelWidth
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) -> String {
        """
        <line class="\(style)" x1="\(number(x1))" y1="\(number(y1))" x2="\(number(x2))" y2="\(number(y2))"/>
        """
    }

    private func text(_ text: String, x: Double, y: Double, anchor: String, style: String = "") -> String {
        let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return """
            <text class="\(style)" x="\(number(x))" y="\(number(y))" text-anchor="\(anchor)">\(escaped)</text>
            """
    }

    private func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
