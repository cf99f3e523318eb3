internal import CLibPQ
internal import Logging
internal import Synchronization

/// Where the server's notices of one connection go.
final class NoticeSink: Sendable {
    private let logger: Logger
    private let firstFatal = Mutex<PostgresError?>(nil)

    /// What the server has ended the session with while no statement ran: libpq gives that out as a notice. Whoever
    /// finds the connection broken tells it.
    var fatal: PostgresError? { firstFatal.withLock { $0 } }

    init(_ logger: Logger) {
        self.logger = logger
    }

    fileprivate func receive(_ notice: PostgresError) {
        if notice.isFatal { return firstFatal.withLock { $0 = $0 ?? notice } }
        let level: Logger.Level =
            switch notice.severity {
            case "WARNING": .warning
            case "NOTICE": .notice
            case "INFO", "LOG": .info
            default: .debug
            }
        var metadata: Logger.Metadata = ["sqlstate": "\(notice.code)"]
        if let detail = notice.detail { metadata["detail"] = "\(detail)" }
        if let hint = notice.hint { metadata["hint"] = "\(hint)" }
        logger.log(level: level, "\(notice.message)", metadata: metadata)
    }
}

/// What libpq calls for each notice; it frees the result itself.
func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context = unsafe context, let result = unsafe result else { return }
    let sink = unsafe Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue()
    unsafe sink.receive(ResultHandle.error(of: result))
}
