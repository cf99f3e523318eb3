import Foundation
import Synchronization

/// `POOL_CAMPAIGN=full` makes the long tests as long as they are meant to be; otherwise they are short.
public let isFullCampaign = ProcessInfo.processInfo.environment["POOL_CAMPAIGN"] == "full"

/// A flag for several tasks.
public final class Flag: Sendable {
    private let flag = Atomic<Bool>(false)

    public init() {}

    public var isSet: Bool { flag.load(ordering: .acquiring) }
    public func set() { flag.store(true, ordering: .releasing) }
    public func clear() { flag.store(false, ordering: .releasing) }
}

/// A number that many tasks add to.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    public init() {}

    public var value: Int { count.load(ordering: .relaxed) }
    public func add(_ number: Int) { count.add(number, ordering: .relaxed) }
}

/// What this process holds in memory.
public enum ProcessMemory {
    struct Unknown: Error {}

    /// A sanitizer keeps freed memory for a while; leaks it finds by itself.
    public static let isMeasurable: Bool = {
        #if os(Linux)
        ProcessInfo.processInfo.environment["POOL_SANITIZER"] == nil
        #else
        false
        #endif
    }()

    /// https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    public static func residentKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let number = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
        else { throw Unknown() }
        return number
    }
}
