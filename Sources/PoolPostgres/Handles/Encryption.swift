internal import CLibPQ

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Whether an encryption holds input that it has read from the socket and libpq has not yet taken.
enum HeldInput: Sendable {
    case none, some
    /// The encryption cannot be asked.
    case unknown
}

/// The encryption of an established connection.
///
/// The encryption decrypts a record of up to 16 kB at a time, of which libpq takes as much as it has room for. The
/// rest has left the socket, so the system does not report it; libpq's own blocking functions look for it before they
/// wait.
@safe
struct Encryption {
    private typealias Pending = @convention(c) (UnsafeMutableRawPointer?) -> Int32

    /// OpenSSL's `SSL`, which belongs to the connection and lives as long. Nil without OpenSSL, as with GSSAPI.
    private let session: UnsafeMutableRawPointer?

    /// Finds the connection's encryption. Nil without one.
    init?(of connection: OpaquePointer) {
        let hasTLS = unsafe PQsslInUse(connection) == 1
        guard unsafe hasTLS || PQgssEncInUse(connection) == 1 else { return nil }
        unsafe session = hasTLS ? PQsslStruct(connection, "OpenSSL") : nil
    }

    var heldInput: HeldInput {
        guard let pending = unsafe Self.pending, let session = unsafe session else { return .unknown }
        return unsafe pending(session) > 0 ? .some : .none
    }

    /// The function `SSL_pending` of the library that libpq itself uses: a process may have loaded another one too.
    private static let pending: Pending? = {
        #if canImport(Darwin)
        let name = "libpq.5.dylib"
        #else
        let name = "libpq.so.5"
        #endif
        // Searches libpq and its dependencies. A program that contains libpq has no library of that name, and is
        // searched itself. Never closed, because libpq stays loaded anyway.
        let library = unsafe dlopen(name, RTLD_NOW | RTLD_NOLOAD) ?? dlopen(nil, RTLD_NOW)
        return unsafe dlsym(library, "SSL_pending").map { unsafe unsafeBitCast($0, to: Pending.self) }
    }()
}
