/// A piece of text that no log, error or debugger shows.
public struct Secret: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The text itself, for the one who sends it.
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(hidden)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Who logs in, and what proves it.
public struct Credentials: Sendable, Hashable, CustomStringConvertible {
    /// The name of the user on the server.
    public var user: String
    /// A password or an access token; nil where something else proves who it is (the operating system, a certificate,
    /// Kerberos).
    public var password: Secret?
    /// How long they can be used from the moment on at which the pool is given them; nil is for ever. Connections that
    /// are open already stay open.
    public var validFor: Duration?

    public init(user: String, password: Secret? = nil, validFor: Duration? = nil) {
        self.user = user
        self.password = password
        self.validFor = validFor
    }

    /// The user's name alone.
    public var description: String { user }
}

/// Whom a connection works for, where that is not the pool's own user.
public enum Identity: Sendable, Hashable, CustomStringConvertible {
    /// A user who logs in. Leases of one user never get a connection of another, nor one that was opened with another
    /// password.
    case credentials(Credentials)
    /// A role that the pool's own user takes on, without a password: `SET ROLE`.
    case role(String)

    public var description: String {
        switch self {
        case .credentials(let credentials): "user \(credentials)"
        case .role(let name): "role \(name)"
        }
    }
}
