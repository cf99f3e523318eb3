/// The changes to a session that the end of a lease undoes.
///
/// Each driver's configuration has a `resetPolicy`, whose documentation says which statements the driver knows to be
/// harmless, and what it cannot undo.
@nonexhaustive
public enum SQLResetPolicy: Sendable, Hashable, CaseIterable {
    /// Undoes nothing. The next lease finds the session as the last one left it, including a transaction that a
    /// statement has begun.
    case off
    /// Undoes only an open transaction. For applications that change nothing else.
    case rollbackOnly
    /// Undoes everything, unless each statement of the lease is known to have changed nothing. A statement that the
    /// driver does not understand completely counts as a change. The releasing caller does not wait for a reset.
    case smart
    /// Undoes everything, after each lease that ran any statement: for applications whose views, triggers and defaults
    /// change the session without a sign in the statement's text.
    case full
}
