/// A user who logs in, and the proof of who that is.
public struct PoolCredentials: Sendable, Hashable, CustomStringConvertible {
    /// The name of the user on the server.
    public var user: String
    /// A password or an access token; nil if something else proves who the user is (the operating system, a
    /// certificate, Kerberos).
    public var password: PoolSecret?
    /// Validity, counted from when the pool receives the credentials; nil: no expiry. Connections that are open when it
    /// ends stay open.
    public var validFor: Duration?

    /// Makes credentials. By default they have no password and do not expire.
    public init(user: String, password: PoolSecret? = nil, validFor: Duration? = nil) {
        self.user = user
        self.password = password
        self.validFor = validFor
    }

    /// The user's name alone.
    public var description: String { user }
}
