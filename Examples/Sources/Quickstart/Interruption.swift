import Dispatch
import Foundation
import Synchronization

/// Whether someone has asked to stop: Ctrl-C, or SIGTERM from whatever started the program.
///
/// The first signal asks, and the work in progress ends in its own time. The second ends the program immediately.
final class Interruption: Sendable {
    private let requests = Atomic(0)

    var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

    /// Listens from now until the returned sources are released.
    func listen() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [self] in
                if requests.add(1, ordering: .relaxed).oldValue > 0 { _exit(128 + number) }
                FileHandle.standardError.write(Data("\nstopping; once more to stop immediately\n".utf8))
            }
            source.resume()
            return source
        }
    }
}
