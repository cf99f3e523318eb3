import Foundation

/// A line on standard error that says how far the work is: rewritten in place on a terminal, one line a second
/// elsewhere.
struct ProgressLine: Sendable {
    let isTerminal = isatty(STDERR_FILENO) == 1

    /// Shows what `line` returns, again and again, until the task is cancelled. Call it with `async let`, which cancels
    /// it at the end of the scope.
    func repeatedly(_ line: @Sendable () -> String) async {
        let pause = isTerminal ? Duration.milliseconds(100) : .seconds(1)
        while !Task.isCancelled {
            // A cancelled sleep throws; the loop's condition sees the cancellation.
            try? await Task.sleep(for: pause)
            if !Task.isCancelled { show(line()) }
        }
        clear()
    }

    func note(_ line: String) {
        clear()
        write(line + "\n")
    }

    private func show(_ line: String) {
        write(isTerminal ? "\r\u{1B}[K" + line.prefix(Self.columns - 1) : line + "\n")
    }

    private func clear() {
        if isTerminal { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    private static var columns: Int {
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
        return known ? Int(size.ws_col) : 80
    }
}
