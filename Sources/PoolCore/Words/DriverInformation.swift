/// A description of a driver and of where it connects to: for logs, reports and people, without secrets.
public struct DriverInformation: Sendable, Hashable, CustomStringConvertible {
    /// A library that a driver is made with.
    public struct Library: Sendable, Hashable, CustomStringConvertible {
        /// The library's name: `libpq`.
        public var name: String
        /// The library's version; empty if it is not known.
        public var version: String

        /// Names a library and its version.
        public init(name: String, version: String) {
            self.name = name
            self.version = version
        }

        public var description: String { version.isEmpty ? name : "\(name) \(version)" }
    }

    /// Something that not every driver can do. Third-party drivers may define more.
    public struct Capability: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The capability's name, as logs and reports show it.
        public let rawValue: String
        /// Makes a capability with this name.
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }

        /// Some leases can be confined to reading, or have connections of their own.
        public static let readOnlyAccess = Capability(rawValue: "readOnlyAccess")
        /// A statement that runs can be cancelled, and its connection used again.
        public static let cancellation = Capability(rawValue: "cancellation")
        /// A connection that dies while it is idle is noticed immediately, and not only when it is granted.
        public static let lossDetection = Capability(rawValue: "lossDetection")
        /// Statements are prepared once and kept with their connection.
        public static let statementCache = Capability(rawValue: "statementCache")
        /// Rows are read while the statement runs, in bounded memory.
        public static let streaming = Capability(rawValue: "streaming")
        /// Messages that the server sends unasked can be received.
        public static let notifications = Capability(rawValue: "notifications")
        /// Several statements can be on their way to the server at the same time.
        public static let pipelining = Capability(rawValue: "pipelining")
    }

    /// The driver's name: ``PoolDriver/name``.
    public var name: String
    /// The library that speaks with the database, as it is loaded now; nil if the driver does so itself.
    public var clientLibrary: Library?
    /// Where the pool connects to: a host and a port, a socket, a file. Nil if there is no such thing.
    public var endpoint: String?
    /// The user new connections log in as, if the driver knows before it connects. In a pool's information, after
    /// ``Pool/setCredentials(_:)`` and with a ``PoolCredentialProvider``, the user of those credentials.
    public var user: String?
    /// True if a call of the client library holds a thread until the database has answered: a thread of the
    /// connection's own, unless the driver's configuration says otherwise.
    public var blocksThread: Bool
    /// The optional features that this driver has.
    public var capabilities: Set<Capability>

    /// Describes a driver. By default nothing but its name is known, no call blocks a thread, and there are no
    /// capabilities.
    public init(
        name: String, clientLibrary: Library? = nil, endpoint: String? = nil, user: String? = nil,
        blocksThread: Bool = false, capabilities: Set<Capability> = []
    ) {
        self.name = name
        self.clientLibrary = clientLibrary
        self.endpoint = endpoint
        self.user = user
        self.blocksThread = blocksThread
        self.capabilities = capabilities
    }

    /// The driver, its library, the user and the endpoint in one line: `postgres (libpq 15.8), app@db.local:5432`.
    public var description: String {
        var text = name
        if let clientLibrary { text += " (\(clientLibrary))" }
        switch (user, endpoint) {
        case (let user?, let endpoint?): text += ", \(user)@\(endpoint)"
        case (let place?, nil), (nil, let place?): text += ", \(place)"
        case (nil, nil): break
        }
        return text
    }
}
