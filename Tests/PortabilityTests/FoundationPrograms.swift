import Foundation
import PoolFoundation
import PoolSQL

/// Foundation's types as bind values, in tuples, as properties of a type, in a batch, in a list, and in JSON.
struct FoundationTypes: Program {
    private struct Address: Codable, Equatable {
        let street: String
        let since: Date
    }

    private struct Order: Decodable, Equatable {
        let id: UUID
        let created: Date
        let shipped: Date?
        let price: Decimal
        let picture: Data
        let page: URL
        let address: SQLJSONColumn<Address>
    }

    let tables = ["portable_order"]
    let expected = [
        "orders: true", "tuples: true", "found: [1]", "in a list: [2]", "in a batch: 3",
        "timestamps: [true, true, true, true]",
        "infinite: Bind value 1 of type Date cannot be stored: it is not finite",
        "infinite in a batch: Bind value 2 of type Date cannot be stored: it is not finite",
        "infinite and prepared: Bind value 1 of type Date cannot be stored: it is not finite",
        "infinite again: Bind value 1 of type Date cannot be stored: it is not finite",
        "not JSON: Bind value 1 of type SQLJSONColumn<Dictionary<String, Double>> cannot be stored: "
            + "$.a is a value that JSON cannot hold",
        "another's JSON: typeMismatch", "still there: [3]", "at the end: [1]",
    ]

    private static let orders = (0..<3).map(order)

    private static func order(_ number: Int) -> Order {
        let created = 1_700_000_000.123456 + Double(number)
        let address = Address(street: "\"Ü\" \\ 🏦", since: Date(timeIntervalSince1970: 1_600_000_000.5))
        return Order(
            id: UUID(uuid: (0xFF, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, UInt8(number))),
            created: Date(timeIntervalSince1970: created),
            shipped: number == 1 ? nil : Date(timeIntervalSince1970: 1_700_000_001),
            price: Decimal(string: "12345678901234567890.1234567\(number)") ?? .nan,
            picture: number == 2 ? Data() : Data(0...255),
            page: URL(string: "https://example.com/a%20b?q=\(number)") ?? URL(fileURLWithPath: "/"),
            address: SQLJSONColumn(address))
    }

    func run(on pool: Pool<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript) async throws {
        try await pool.withConnection { try await run(on: &$0, dialect, &transcript) }
    }

    private func run(
        on lease: inout Lease<some SQLDriver>, _ dialect: Dialect, _ transcript: inout Transcript
    ) async throws {
        try await lease.execute(
            """
            CREATE TABLE portable_order(
                id \(raw: dialect.type(.uuid)) PRIMARY KEY, created \(raw: dialect.type(.moment)),
                shipped \(raw: dialect.type(.moment)), price \(raw: dialect.type(.decimal)),
                picture \(raw: dialect.type(.bytes)), page \(raw: dialect.type(.text)),
                address \(raw: dialect.type(.json)), local \(raw: dialect.type(.timestamp)))
            """)
        let insert: SQL = """
            INSERT INTO portable_order(id, created, shipped, price, picture, page, address) VALUES (
                \(.parameter), \(.parameter), \(.parameter), \(.parameter), \(.parameter), \(.parameter), \(.parameter))
            """
        for order in Self.orders {
            let statement = try await lease.prepare(insert)
            try await lease.execute(
                statement, order.id, order.created, order.shipped, order.price, order.picture, order.page, order.address
            )
        }
        let all: SQL = "SELECT id, created, shipped, price, picture, page, address FROM portable_order ORDER BY id"
        transcript.note("orders", try await lease.query(all).decode(Order.self) == Self.orders)
        let tuples = try await lease.query(all).decode(
            (UUID, Date, Date?, Decimal, Data, URL, SQLJSONColumn<Address>).self)
        var isSame = tuples.count == Self.orders.count
        for (tuple, order) in zip(tuples, Self.orders) {
            let (id, created, shipped, price, picture, page, address) = tuple
            isSame = isSame && id == order.id && created == order.created && shipped == order.shipped
            isSame = isSame && price == order.price && picture == order.picture && page == order.page
            isSame = isSame && address == order.address
        }
        transcript.note("tuples", isSame)
        let (id, other) = (Self.orders[1].id, Self.orders[2].id)
        transcript.note(
            "found",
            try await lease.query("SELECT count(*) FROM portable_order WHERE id = \(id)").decode(Int.self))
        let listed: SQL = "SELECT count(*) FROM portable_order WHERE id IN \(binds: [id, other])"
        transcript.note("in a list", try await lease.query(listed).decode(Int.self))
        try await lease.execute("DELETE FROM portable_order")
        let results = try await lease.executeBatch(
            insert,
            Self.orders.map { ($0.id, $0.created, $0.shipped, $0.price, $0.picture, $0.page, $0.address) })
        transcript.note("in a batch", results.reduce(0) { $0 + Int($1.affectedRows) })
        try await timestamps(on: &lease, &transcript)
        try await refusals(on: &lease, &transcript)
    }

    /// A column without a zone: what goes in as a date comes out as it.
    private func timestamps(on lease: inout Lease<some SQLDriver>, _ transcript: inout Transcript) async throws {
        // The last two are the first moment of the year 1000, and the last half second of the year 9999.
        let seconds = [1_700_000_000.123456, 0, -30_610_224_000, 253_402_300_799.5]
        let dates = seconds.map { Date(timeIntervalSince1970: $0) }
        var isSame: [Bool] = []
        for date in dates {
            guard case .zonedTimestamp(let moment) = date.sqlValue else { continue }
            try await lease.execute("UPDATE portable_order SET local = \(SQLTimestamp(inUTC: moment))")
            let stored = try await lease.query("SELECT local FROM portable_order").decode(Date.self)
            isSame.append(stored.first == date)
        }
        transcript.note("timestamps", isSame)
    }

    /// Values that no database can store, in each way to send one.
    private func refusals(on lease: inout Lease<some SQLDriver>, _ transcript: inout Transcript) async throws {
        let infinite = Date(timeIntervalSinceReferenceDate: .infinity)
        let fine = Date(timeIntervalSince1970: 1_000_000_000)
        await transcript.noteRefusal("infinite") {
            try await lease.execute("UPDATE portable_order SET created = \(infinite)")
        }
        let update: SQL = "UPDATE portable_order SET created = \(.parameter), shipped = \(.parameter)"
        await transcript.noteRefusal("infinite in a batch") {
            try await lease.executeBatch(update, [(fine, fine), (fine, infinite)])
        }
        let statement = try await lease.prepare(update)
        await transcript.noteRefusal("infinite and prepared") { try await lease.execute(statement, infinite, fine) }
        // Again, now that the driver knows the statement.
        try await lease.execute("UPDATE portable_order SET shipped = \(fine)")
        await transcript.noteRefusal("infinite again") {
            try await lease.execute("UPDATE portable_order SET shipped = \(infinite)")
        }
        await transcript.noteRefusal("not JSON") {
            try await lease.execute("UPDATE portable_order SET address = \(SQLJSONColumn(["a": Double.nan]))")
        }
        do {
            _ = try await lease.query("SELECT address FROM portable_order").decode(SQLJSONColumn<[Int]>.self)
        } catch let error as SQLDecodingError {
            transcript.note("another's JSON", error.code)
        }
        transcript.note(
            "still there",
            try await lease.query("SELECT count(*) FROM portable_order WHERE created > \(fine)").decode(Int.self))
    }
}

extension Transcript {
    /// Notes why a value is refused.
    fileprivate mutating func noteRefusal(_ what: String, _ body: () async throws -> some Sendable) async {
        do {
            _ = try await body()
            note(what, "no error")
        } catch let error as SQLEncodingError {
            note(what, error)
        } catch {
            note(what, "another error: \(error)")
        }
    }
}
