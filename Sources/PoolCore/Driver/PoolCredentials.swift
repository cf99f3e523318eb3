/// A piece of text that no log, error or debugger shows.
public struct PoolSecret: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The secret in clear; read it only to send it.
    public let text: String

    /// Makes a secret of `text`.
    public init(_ text: String) {
        self.text = text
    }

    /// Makes a secret of a literal, for tests and examples.
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension PoolSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(hidden)" }
    public var debugDescription: String { description }
    /// A mirror without children, so that `dump` and debuggers do not show the text.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

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

/// The user or role a connection acts as, if not the pool's own user.
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
