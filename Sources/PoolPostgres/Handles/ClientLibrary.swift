internal import CLibPQ

/// The libpq that is loaded.
enum ClientLibrary {
    /// The version: `15.8`, or `9.6.24` from the time when the first two numbers were the major version.
    /// https://www.postgresql.org/docs/current/libpq-misc.html#LIBPQ-PQLIBVERSION
    static var version: String { version(of: Int(PQlibVersion())) }

    static func version(of number: Int) -> String {
        let (first, rest) = (number / 10_000, number % 10_000)
        return first >= 10 ? "\(first).\(rest)" : "\(first).\(rest / 100).\(rest % 100)"
    }
}
