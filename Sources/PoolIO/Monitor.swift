#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A lock with a condition variable, which `Mutex` lacks: a thread can sleep in it until another has changed the state.
@safe
package final class Monitor<State>: @unchecked Sendable {  // … because `state` is read and written only under `mutex`.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    package init(_ state: sending State) {
        self.state = state
        // On the heap, because a pthread mutex must never move.
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe condition = .allocate(capacity: 1)
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deinitialize(count: 1).deallocate()
        unsafe mutex.deinitialize(count: 1).deallocate()
    }

    /// Changes the state, and wakes a sleeping thread if there is one.
    package func update<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        let result = body(&state)
        unsafe pthread_mutex_unlock(mutex)
        unsafe pthread_cond_signal(condition)
        return result
    }

    /// Sleeps until `body` returns a value.
    package func wait<Result>(for body: (inout State) -> Result?) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            unsafe pthread_cond_wait(condition, mutex)
        }
    }
}
