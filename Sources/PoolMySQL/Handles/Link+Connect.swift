internal import CMariaDB

extension Link {
    /// Connects and logs in. Blocks, until `wait` is interrupted or a time-out passes.
    func connect(_ configuration: MySQLConfiguration, _ wait: ConnectWait) throws {
        setOptions(configuration)
        var host: String?
        var socket: String?
        var port: UInt32 = 0
        switch configuration.location {
        case .tcp(let name, let number): (host, port) = (name, UInt32(number))
        case .socket(let path): socket = path
        }
        // Results of procedures come one after the other; an UPDATE counts the rows that it matches, as in other
        // databases.
        let flags = UInt(CLIENT_MULTI_RESULTS) | UInt(CLIENT_FOUND_ROWS)
        let isConnected = unsafe wait.during(pointer) {
            unsafe mysql_real_connect(
                pointer, host, configuration.user, configuration.password, configuration.database, port, socket, flags)
                != nil
        }
        if !isConnected { throw connectError() }
        Socket.closeInChildren(self.socket)
        // Newer versions of libmariadb silently skip TLS on a Unix socket.
        if configuration.tls.mode == .required || configuration.tls.mode == .verified, cipher == nil {
            throw MySQLError(.tls, "The server does not encrypt connections, and the configuration asks for it")
        }
    }

    private func connectError() -> MySQLError {
        let error = error()
        // CR_ERR_RESTRICTED_AUTH, whose text libmariadb garbles.
        guard error.code.rawValue == 5010 else { return error }
        return MySQLError(
            .authenticationPlugin, "The server asks for the password as it is, or in a way that may not hide it",
            remedy: "Use the TLS mode verified or a Unix socket, give the user another plug-in (mysql_native_password, "
                + "ed25519), or set allowsClearPassword if the network and the server are to be trusted")
    }

    /// Runs `body`, whose calls block until `wait` is interrupted.
    func whileConnecting<Result: ~Copyable>(_ wait: ConnectWait, _ body: () throws -> Result) throws -> Result {
        wait.use(socket)
        return try unsafe wait.during(pointer, body)
    }

    /// Sets the connection's options, all of which the library copies.
    private func setOptions(_ configuration: MySQLConfiguration) {
        set(MYSQL_OPT_CONNECT_TIMEOUT, UInt32(configuration.connectTimeout.components.seconds))
        if let timeout = configuration.readTimeout { set(MYSQL_OPT_READ_TIMEOUT, UInt32(timeout.components.seconds)) }
        if let timeout = configuration.writeTimeout { set(MYSQL_OPT_WRITE_TIMEOUT, UInt32(timeout.components.seconds)) }
        // Without this, `localhost` would mean a socket at a compiled-in path.
        switch configuration.location {
        case .tcp: set(MYSQL_OPT_PROTOCOL, MYSQL_PROTOCOL_TCP.rawValue)
        case .socket: set(MYSQL_OPT_PROTOCOL, MYSQL_PROTOCOL_SOCKET.rawValue)
        }
        unsafe _ = mysql_options(pointer, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        set(MYSQL_OPT_RECONNECT, my_bool(0))
        set(MYSQL_OPT_LOCAL_INFILE, UInt32(configuration.allowsLocalInfile ? 1 : 0))
        set(MYSQL_REPORT_DATA_TRUNCATION, my_bool(0))
        if configuration.usesCompression { unsafe _ = mysql_options(pointer, MYSQL_OPT_COMPRESS, nil) }
        set(configuration.tls)
        restrictLogin(configuration)
        let attributes = configuration.attributes.sorted { $0.key < $1.key }
        for (name, value) in [("program_name", "swift-connection-pool")] + attributes {
            unsafe _ = mysql_options4(pointer, MYSQL_OPT_CONNECT_ATTR_DELETE, name, nil)
            unsafe name.withCString { name in
                unsafe value.withCString { unsafe _ = mysql_options4(pointer, MYSQL_OPT_CONNECT_ATTR_ADD, name, $0) }
            }
        }
    }

    /// Decides how the client may authenticate, and with which plug-in the login begins.
    private func restrictLogin(_ configuration: MySQLConfiguration) {
        let hashing = Self.hashingPlugins[0]
        if !configuration.mayTellPassword {
            let allowed = Self.hashingPlugins + [CMARIADB_TLS_LOGIN]
            unsafe _ = mysql_options(pointer, MARIADB_OPT_RESTRICTED_AUTH, allowed.joined(separator: ","))
            // Without this, the login begins with the server's own default, which may be refused although the user
            // has another.
            unsafe _ = mysql_options(pointer, MYSQL_DEFAULT_AUTH, hashing)
        }
        if configuration.tls.mode == .required {
            unsafe _ = mysql_options(pointer, MYSQL_DEFAULT_AUTH, CMARIADB_TLS_LOGIN)
        }
    }

    /// The plug-ins that prove knowledge of the password without sending it.
    ///
    /// `caching_sha2_password` is not among them: for a full authentication, and always with TLS, libmariadb sends
    /// the password in clear text or encrypted for the key that the server has just sent; the short form cannot be
    /// had alone. `sha256_password` has no other form.
    /// https://dev.mysql.com/doc/refman/8.4/en/caching-sha2-pluggable-authentication.html
    private static let hashingPlugins = ["mysql_native_password", "client_ed25519", "parsec", "auth_gssapi_client"]

    private func set(_ tls: MySQLConfiguration.TLS) {
        switch tls.mode {
        case .disabled:
            set(MYSQL_OPT_SSL_ENFORCE, my_bool(0))
            set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, my_bool(0))
            return
        case .preferred:
            unsafe _ = mysql_ssl_set(pointer, nil, nil, nil, nil, nil)
            set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, my_bool(0))
        case .required:
            set(MYSQL_OPT_SSL_ENFORCE, my_bool(1))
            set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, my_bool(0))
        case .verified:
            set(MYSQL_OPT_SSL_ENFORCE, my_bool(1))
            set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, my_bool(1))
        }
        if let path = tls.certificateAuthority { unsafe _ = mysql_options(pointer, MYSQL_OPT_SSL_CA, path) }
        if let path = tls.clientCertificate { unsafe _ = mysql_options(pointer, MYSQL_OPT_SSL_CERT, path) }
        if let path = tls.clientKey { unsafe _ = mysql_options(pointer, MYSQL_OPT_SSL_KEY, path) }
    }

    private func set(_ option: mysql_option, _ value: UInt32) {
        unsafe withUnsafePointer(to: value) { unsafe _ = mysql_options(pointer, option, $0) }
    }

    private func set(_ option: mysql_option, _ value: my_bool) {
        unsafe withUnsafePointer(to: value) { unsafe _ = mysql_options(pointer, option, $0) }
    }
}

extension MySQLConfiguration {
    /// True if the password may be sent in clear text, or encrypted for the server's own key.
    fileprivate var mayTellPassword: Bool {
        if case .socket = location { return true }
        return allowsClearPassword || tls.mode == .verified
    }
}
