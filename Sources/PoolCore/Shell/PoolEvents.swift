internal import Synchronization

/// The events of a pool, for any number of readers. See ``Pool/events``.
public struct PoolEvents: AsyncSequence, Sendable {
    /// The elements are events of the pool.
    public typealias Element = PoolEvent
    /// The sequence never throws.
    public typealias Failure = Never

    let hub: EventHub

    public func makeAsyncIterator() -> Iterator {
        Iterator(subscription: hub.subscribe())
    }

    /// One reader of the events. Its first event is the first one after it was made.
    public struct Iterator: AsyncIteratorProtocol {
        private let subscription: EventSubscription
        private var events: AsyncStream<PoolEvent>.Iterator
        /// The event to return after the report that events were missed.
        private var held: PoolEvent?

        init(subscription: EventSubscription) {
            self.subscription = subscription
            events = subscription.mailbox.stream.makeAsyncIterator()
        }

        public mutating func next() async -> PoolEvent? {
            await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> PoolEvent? {
            if let event = held {
                held = nil
                return event
            }
            let event = await events.next(isolation: actor)
            let missed = subscription.mailbox.takeMissed()
            guard missed > 0 else { return event }
            held = event
            return .missed(missed)
        }
    }
}

/// The buffer of one reader, and the number of events that did not fit in.
final class EventMailbox: Sendable {
    static let capacity = 256

    let stream: AsyncStream<PoolEvent>
    private let continuation: AsyncStream<PoolEvent>.Continuation
    private let missed = Atomic<Int>(0)

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.capacity))
    }

    func put(_ event: PoolEvent) {
        if case .dropped = continuation.yield(event) { missed.add(1, ordering: .relaxed) }
    }

    func takeMissed() -> Int {
        missed.exchange(0, ordering: .relaxed)
    }

    func finish() {
        continuation.finish()
    }
}

/// Keeps a reader subscribed for as long as it lives.
final class EventSubscription: Sendable {
    let mailbox: EventMailbox
    private let hub: EventHub
    private let id: UInt64

    init(hub: EventHub, id: UInt64, mailbox: EventMailbox) {
        self.hub = hub
        self.id = id
        self.mailbox = mailbox
    }

    deinit {
        hub.unsubscribe(id)
    }
}

/// Hands events to all subscribers; costs one atomic read if there are none.
final class EventHub: Sendable {
    private struct State {
        var mailboxes: [UInt64: EventMailbox] = [:]
        var nextID: UInt64 = 0
        var isFinished = false
    }

    private let state = Mutex(State())
    private let count = Atomic<Int>(0)

    func subscribe() -> EventSubscription {
        let mailbox = EventMailbox()
        let id = state.withLock { state in
            state.nextID += 1
            if state.isFinished {
                mailbox.finish()
            } else {
                state.mailboxes[state.nextID] = mailbox
                count.store(state.mailboxes.count, ordering: .relaxed)
            }
            return state.nextID
        }
        return EventSubscription(hub: self, id: id, mailbox: mailbox)
    }

    func unsubscribe(_ id: UInt64) {
        state.withLock { state in
            state.mailboxes[id] = nil
            count.store(state.mailboxes.count, ordering: .relaxed)
        }
    }

    /// True if a reader is subscribed.
    var hasReaders: Bool { count.load(ordering: .relaxed) > 0 }

    func send(_ event: PoolEvent) {
        guard count.load(ordering: .relaxed) > 0 else { return }
        for mailbox in state.withLock({ Array($0.mailboxes.values) }) { mailbox.put(event) }
    }

    func finish() {
        let mailboxes = state.withLock { state in
            state.isFinished = true
            return Array(state.mailboxes.values)
        }
        for mailbox in mailboxes { mailbox.finish() }
    }
}
