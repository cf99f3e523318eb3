/// A function that gives a pool its credentials: called when the pool is made, and when the pool opens a connection
/// after its credentials have expired.
///
/// If the returned credentials have already expired (from a cache of the provider, say), the provider is called once
/// more with ``PoolCredentialRequest/isRefresh``. If those have expired too, the connect fails with
/// ``PoolError/Code/credentialsExpired``. An error thrown by the provider fails the connect, as an error of the server
/// would.
public typealias PoolCredentialProvider = @Sendable (PoolCredentialRequest) async throws -> PoolCredentials

/// The question that a ``PoolCredentialProvider`` answers.
public struct PoolCredentialRequest: Sendable, Hashable {
    /// The pool's name.
    public let pool: String
    /// True if the credentials that the provider returned had already expired, or the server has refused them: bypass
    /// any cache.
    public let isRefresh: Bool
}
