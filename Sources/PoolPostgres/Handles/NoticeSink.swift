internal import CLibPQ
internal import Logging
internal import Synchronization

/// The receiver of the server's notices on one connection.
final class NoticeSink: Sendable {
    private let logger: Logger
    private let firstFatal = Mutex<PostgresError?>(nil)

    /// The server's error that ended the session while no statement ran, which libpq reports as a notice. The code
    /// that finds the connection broken reports it.
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
        if let hint = notice.remedy { metadata["hint"] = "\(hint)" }
        logger.log(level: level, "\(notice.message)", metadata: metadata)
    }
}

/// The function that libpq calls for each notice; libpq frees the result itself.
func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context = unsafe context, let result = unsafe result else { return }
    let sink = unsafe Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue()
    unsafe sink.receive(ResultHandle.error(of: result))
}
