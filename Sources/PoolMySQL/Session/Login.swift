/// The user of a session, with the password and the database of the login.
struct Login: Sendable, Hashable {
    let user: String
    let password: String
    let database: String?
}
