internal import CLibPQ
internal import Logging

/// Where the server's notices of one connection go.
final class NoticeSink: Sendable {
    private let logger: Logger

    init(_ logger: Logger) {
        self.logger = logger
    }

    fileprivate func receive(_ notice: PostgresError) {
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
