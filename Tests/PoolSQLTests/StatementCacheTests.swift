import Testing

@testable @_spi(Driver) import PoolSQL

@Suite("The cache of prepared statements")
struct StatementCacheTests {
    private final class Prepared: CachedStatement {
        let text: String

        init(_ text: String) { self.text = text }
    }

    private func cache(capacity: Int, _ texts: String...) -> StatementCache<Prepared> {
        var cache = StatementCache<Prepared>(limit: StatementCacheCapacity(capacity))
        for text in texts where cache.find(text) == nil { cache.insert(Prepared(text)) }
        return cache
    }

    private func kept(_ cache: inout StatementCache<Prepared>, of texts: String...) -> [String] {
        texts.filter { cache.find($0) != nil }
    }

    /// Takes the cache, which cannot be copied, past the macro.
    private func count(_ cache: borrowing StatementCache<Prepared>) -> Int { cache.count }

    @Test("the least recently used statement goes first")
    func order() {
        var cache = cache(capacity: 2, "A", "B", "A", "C")
        #expect(kept(&cache, of: "A", "B", "C") == ["A", "C"])
        #expect(count(cache) == 2)
    }

    @Test("without capacity nothing is kept")
    func noCapacity() {
        let cache = cache(capacity: 0, "A", "B")
        #expect(count(cache) == 0)
    }

    @Test("a smaller capacity holds from the next lookup on")
    func smallerCapacity() {
        let limit = StatementCacheCapacity(3)
        var cache = StatementCache<Prepared>(limit: limit)
        for text in ["A", "B", "C"] { cache.insert(Prepared(text)) }
        limit.set(1)
        #expect(kept(&cache, of: "A", "B", "C") == ["C"])
    }

    @Test("texts that Swift takes for equal are different statements if their bytes differ")
    func canonicallyEqual() {
        var cache = cache(capacity: 4, "SELECT '\u{e9}'", "SELECT 'e\u{301}'")
        #expect(count(cache) == 2)
        #expect(cache.find("SELECT '\u{e9}'")?.text.utf8.count == 11)
        #expect(cache.find("SELECT 'e\u{301}'")?.text.utf8.count == 12)
    }

    @Test("a statement with the text of another replaces it")
    func replacement() {
        var cache = cache(capacity: 2, "A")
        let other = Prepared("A")
        cache.insert(other)
        #expect(count(cache) == 1)
        #expect(cache.find("A") === other)
    }

    @Test("expired statements go at the next lookup, unless the expiry is taken back before")
    func expiry() {
        var cache = cache(capacity: 2, "A")
        cache.expire()
        cache.restoreExpiry(false)
        #expect(cache.find("A") != nil)
        cache.expire()
        #expect(count(cache) == 1)
        #expect(cache.find("A") == nil)
        #expect(count(cache) == 0)
    }

    @Test("removed statements leave their places to others")
    func removal() {
        var cache = cache(capacity: 3, "A", "B", "C")
        cache.remove("B")
        cache.remove("B")
        #expect(kept(&cache, of: "A", "B", "C") == ["A", "C"])
        for text in ["D", "E"] { cache.insert(Prepared(text)) }
        #expect(kept(&cache, of: "A", "C", "D", "E") == ["C", "D", "E"])
        cache.removeAll()
        #expect(count(cache) == 0)
    }
}
