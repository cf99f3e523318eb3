/// Elements in the order of their latest use: a doubly linked list in an array, so that no operation visits all of
/// them.
@_spi(Driver)
public struct UseOrder<Element> {
    @usableFromInline
    struct Place {
        /// Nil if the place is free.
        @usableFromInline var element: Element?
        @usableFromInline var newer: Int
        /// The next older place; the next free one if the place is free.
        @usableFromInline var older: Int

        @inlinable
        init(element: Element?, newer: Int, older: Int) {
            (self.element, self.newer, self.older) = (element, newer, older)
        }
    }

    @usableFromInline var places: [Place] = []
    @usableFromInline var newest = Self.none
    @usableFromInline var oldest = Self.none
    @usableFromInline var firstFree = Self.none
    /// The number of elements.
    public private(set) var count = 0

    /// Makes an empty order.
    public init() {}

    /// The index that stands for no place.
    @inlinable static var none: Int { -1 }

    /// The most recently used element; nil if there is none.
    @inlinable
    public var mostUsed: Element? { newest == Self.none ? nil : places[newest].element }

    /// The least recently used element; nil if there is none.
    @inlinable
    public var leastUsed: Element? { oldest == Self.none ? nil : places[oldest].element }

    /// The element at a place that ``insert(_:)`` has returned; nil once it was removed.
    @inlinable
    public subscript(place: Int) -> Element? { places[place].element }

    /// Adds an element as the most recently used, and returns its place, which stays the same until it is removed.
    public mutating func insert(_ element: Element) -> Int {
        let place = firstFree == Self.none ? places.count : firstFree
        if place == places.count {
            places.append(Place(element: element, newer: Self.none, older: Self.none))
        } else {
            firstFree = places[place].older
            places[place].element = element
        }
        link(place)
        count += 1
        return place
    }

    /// Makes the element at `place` the most recently used.
    @inlinable
    public mutating func touch(_ place: Int) {
        if place == newest { return }
        unlink(place)
        link(place)
    }

    /// Removes the element at `place`.
    public mutating func remove(_ place: Int) {
        unlink(place)
        places[place] = Place(element: nil, newer: Self.none, older: firstFree)
        firstFree = place
        count -= 1
    }

    /// Removes all elements.
    public mutating func removeAll() { self = UseOrder() }

    @inlinable
    mutating func link(_ place: Int) {
        places[place].newer = Self.none
        places[place].older = newest
        if newest == Self.none { oldest = place } else { places[newest].newer = place }
        newest = place
    }

    @inlinable
    mutating func unlink(_ place: Int) {
        let (newer, older) = (places[place].newer, places[place].older)
        if newer == Self.none { newest = older } else { places[newer].older = older }
        if older == Self.none { oldest = newer } else { places[older].newer = newer }
    }
}
