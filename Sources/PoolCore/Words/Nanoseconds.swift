/// Nanoseconds on the pool's clock. The engine compares and adds them, and never asks for the time.
typealias Nanoseconds = Int64

extension Nanoseconds {
    /// An instant or a duration that is never reached.
    static let never = Int64.max

    /// Adds an interval; stays at ``never`` instead of wrapping around.
    func adding(_ interval: Nanoseconds) -> Nanoseconds {
        let (sum, overflow) = addingReportingOverflow(interval)
        return overflow ? .never : sum
    }
}
