#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The system refused a thread.
public struct ThreadError: Error, Hashable, CustomStringConvertible {
    /// The `errno` value that `pthread_create` returned.
    public let systemError: Int32

    public var description: String {
        "The system cannot start another thread (errno \(systemError)): raise its limit of threads for this process, "
            + "or lower the maximum of connections"
    }
}

/// Threads of the operating system.
enum NativeThread {
    /// Enough stack for the frames of a lease's body: some systems' default is small (512 KiB on macOS).
    private static let stackBytes = 2 << 20

    /// The number of threads that can run at the same time.
    static let processorCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// An identity of the running thread that no other running thread has.
    static var currentIdentity: UInt {
        #if canImport(Darwin)
        unsafe UInt(bitPattern: pthread_self())
        #else
        UInt(pthread_self())
        #endif
    }

    /// The monotonic clock's time, in nanoseconds.
    static var now: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Runs `body` on a new thread, which ends when it returns.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        // `nativeThreadMain` takes over this reference.
        let context = unsafe Unmanaged.passRetained(NativeThreadLife(name: name, body: body)).toOpaque()
        let result = unsafe create(context)
        if result != 0 {
            unsafe Unmanaged<NativeThreadLife>.fromOpaque(context).release()
            throw ThreadError(systemError: result)
        }
    }

    /// Makes a detached thread, which the system frees when it ends; no thread joins it.
    private static func create(_ context: UnsafeMutableRawPointer) -> Int32 {
        var attributes = pthread_attr_t()
        var result = unsafe pthread_attr_init(&attributes)
        if result != 0 { return result }
        unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        #if canImport(Darwin)
        var identity: pthread_t?
        #else
        var identity = pthread_t()
        #endif
        result = unsafe pthread_create(&identity, &attributes, nativeThreadMain, context)
        unsafe pthread_attr_destroy(&attributes)
        return result
    }

    fileprivate static func nameCurrentThread(_ name: String) {
        #if canImport(Darwin)
        unsafe _ = pthread_setname_np(name)
        #else
        // `pthread_setname_np` is a GNU extension that Swift does not import; the kernel's file has the same effect.
        // Without /proc the thread keeps its process's name.
        let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        // Cut at a character, because the kernel would cut at its 15th byte.
        var short = name
        while short.utf8.count > 15 { short.removeLast() }
        let bytes = Array(short.utf8)
        unsafe _ = write(file, bytes, bytes.count)
        close(file)
        #endif
    }
}

/// The name and the body of a thread that is starting.
private final class NativeThreadLife: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

/// The function that `pthread_create` calls. Not a closure, because one that calls a static member from here crashes
/// the compiler (Swift 6.3.1).
private func nativeThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context = unsafe context {
        let life = unsafe Unmanaged<NativeThreadLife>.fromOpaque(context).takeRetainedValue()
        NativeThread.nameCurrentThread(life.name)
        life.body()
    }
    return nil
}
