/// The place where the body of a lease and its statements run.
///
/// Each driver's configuration has an `execution`, whose documentation says what the two places are for that database,
/// and which is the default.
@nonexhaustive
public enum SQLExecution: Sendable, Hashable {
    /// The body runs where the caller runs.
    case caller
    /// The body moves to a thread of the driver if the caller's isolation allows it, so that the lease costs one hop
    /// and its statements none.
    case driver
}
