internal import Synchronization

/// A record that only grows, and that tasks can wait on without polling.
final class Journal<Element: Sendable>: Sendable {
    private struct Reader {
        let id: UInt64
        let wanted: Int
        let matches: @Sendable (Element) -> Bool
        var found: [Element]
        let promise: Promise<[Element]>
    }

    private struct State {
        var elements: [Element] = []
        var readers: [Reader] = []
        var lastReader: UInt64 = 0
    }

    private let state = Mutex(State())

    var elements: [Element] {
        state.withLock { $0.elements }
    }

    func append(_ element: Element) {
        let served = state.withLock { state in
            state.elements.append(element)
            var served: [Reader] = []
            for index in state.readers.indices where state.readers[index].matches(element) {
                state.readers[index].found.append(element)
                if state.readers[index].found.count == state.readers[index].wanted {
                    served.append(state.readers[index])
                }
            }
            state.readers.removeAll { $0.found.count == $0.wanted }
            return served
        }
        for reader in served { reader.promise.finish(.success(reader.found)) }
    }

    /// Suspends until `count` elements match, including earlier ones, and returns the first `count` of them.
    ///
    /// - Throws: `CancellationError` once the task is cancelled.
    func first(_ count: Int, where matches: @escaping @Sendable (Element) -> Bool) async throws -> [Element] {
        let promise = Promise<[Element]>()
        let id = state.withLock { state in
            let found = Array(state.elements.lazy.filter(matches).prefix(count))
            state.lastReader += 1
            if found.count >= count {
                promise.finish(.success(found))
            } else {
                state.readers.append(
                    Reader(id: state.lastReader, wanted: count, matches: matches, found: found, promise: promise))
            }
            return state.lastReader
        }
        return try await promise.value(onCancel: { [self] in
            state.withLock { state in state.readers.removeAll { $0.id == id } }
            promise.finish(.failure(CancellationError()))
        })
    }
}
