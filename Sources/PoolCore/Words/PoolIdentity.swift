/// The user or role a connection acts as, if not the pool's own user.
@nonexhaustive
public enum PoolIdentity: Sendable, Hashable, CustomStringConvertible {
    /// A user who logs in. Leases of one user never get a connection of another, nor one that was opened with another
    /// password.
    case credentials(PoolCredentials)
    /// A role that the pool's own user takes on, without a password: `SET ROLE`.
    case role(String)

    public var description: String {
        switch self {
        case .credentials(let credentials): "user \(credentials)"
        case .role(let name): "role \(name)"
        }
    }
}
