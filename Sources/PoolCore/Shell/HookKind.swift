enum HookKind: Sendable {
    case connect
    case acquire
    case session(PoolSessionTag?)
    case release
    case close
}

extension HookKind {
    var name: String {
        switch self {
        case .connect: "connect"
        case .acquire: "acquire"
        case .session: "session"
        case .release: "release"
        case .close: "close"
        }
    }

    var comesBeforeLease: Bool {
        switch self {
        case .connect, .acquire, .session: true
        case .release, .close: false
        }
    }
}

/// Marks an error as a hook's, to tell it from errors of the driver.
struct HookFailure: Error {
    let cause: any Error
    /// False if each further call of the hook can be expected to fail too.
    var isPassing = true
}
