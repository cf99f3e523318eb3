/// The rows of a statement that is still running. Used by one task at a time.
public protocol SQLCursor: AnyObject, Sendable {
    /// The columns of the result.
    var columns: SQLColumns { get }

    /// The next rows, at least one and at most about `maximumRows`, or nil at the end. Not called again after nil or a
    /// throw.
    func next(maximumRows: Int) async throws -> SQLRows?

    /// Ends the statement, however far it has come; cancelling the task does not stop that. Does nothing if the
    /// statement has ended: after a nil, after an error of the statement, after the first call.
    ///
    /// Throws if the statement fails now, or may have failed unseen: a statement that writes can fail at its end, if a
    /// constraint is deferred or a lock is missing. Stopping a query early is no failure.
    func close() async throws
}
