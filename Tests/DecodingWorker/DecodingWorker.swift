import Foundation
import PoolSQL

/// Decodes types of Foundation in a process without PoolFoundation, and prints a line for each attempt. The tests
/// themselves are linked with PoolFoundation, which makes these types decodable in the whole process.
@main
enum DecodingWorker {
    private struct Holder<Value: Decodable>: Decodable { var column: Value }

    static func main() {
        attempt(UUID.self, .uuid(.random()))
        attempt(Decimal.self, .decimal(1))
        attempt(Data.self, .bytes([1]))
        attempt(URL.self, .text("https://example.org"))
        attempt(Date.self, .double(0))
        attempt(Date.self, .text("2024"))
        attempt(Date?.self, .int(0))
        attempt(UUID.self, .null)
    }

    private static func attempt<Value: Decodable>(_ type: Value.Type, _ value: SQLValue) {
        let row = SQLRows(columns: SQLColumns(names: ["column"]), values: [value])[0]
        show("property") { _ = try row.decode(Holder<Value>.self) }
        show("row") { _ = try row.decode(Value.self) }
    }

    private static func show(_ what: String, _ body: () throws -> Void) {
        do {
            try body()
            print("\(what): no error")
        } catch let error as SQLDecodingError {
            print(
                "\(what): \(error.code), \(error.columnName ?? "no column"), \(error.expectedType ?? "no type"), "
                    + (error.reason ?? "no reason"))
        } catch {
            print("\(what): \(error)")
        }
    }
}
