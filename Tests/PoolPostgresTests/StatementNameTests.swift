import CLibPQ
import Foundation
import Testing

@testable import PoolPostgres

@Suite("The names of prepared statements on Postgres")
struct StatementNameTests {
    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    private func digest(_ bytes: [UInt8]) -> String {
        var digest = SHA256()
        digest.update(bytes)
        return hexadecimal(digest.finish())
    }

    /// The messages of https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
    static let examples: [(message: String, digest: String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ]

    @Test("SHA-256 gives the digests that the standard has", arguments: examples.indices)
    func digests(index: Int) {
        #expect(digest(Array(Self.examples[index].message.utf8)) == Self.examples[index].digest)
    }

    @Test("SHA-256 of a million letters is the one that the standard has, however they come")
    func longDigest() {
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(digest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)) == expected)
        var inParts = SHA256()
        for _ in 0..<1_000 { inParts.update([UInt8](repeating: UInt8(ascii: "a"), count: 1_000)) }
        #expect(hexadecimal(inParts.finish()) == expected)
    }

    @Test("SHA-256 is right at each length around the ends of its blocks")
    func paddings() {
        // Of so many bytes 0x61: as `head -c N /dev/zero | tr '\0' a | sha256sum` prints them.
        let expected = [
            55: "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318",
            56: "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a",
            63: "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34",
            64: "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
            65: "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0",
        ]
        for (count, text) in expected { #expect(digest([UInt8](repeating: 0x61, count: count)) == text) }
    }

    /// What a server tells of a statement.
    private func shape(
        _ parameterTypes: [UInt32], _ columns: [(name: String, type: UInt32)] = []
    ) throws -> StatementShape {
        guard let result = unsafe PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK) else { throw PostgresError.outOfMemory }
        var descriptions = unsafe columns.map { column in
            unsafe PGresAttDesc(
                name: strdup(column.name), tableid: 0, columnid: 0, format: 0, typid: column.type, typlen: 4,
                atttypmod: -1)
        }
        // The result copies them.
        let isSet = unsafe columns.isEmpty || PQsetResultAttrs(result, Int32(columns.count), &descriptions) == 1
        #expect(isSet)
        unsafe descriptions.forEach { unsafe free($0.name) }
        return StatementShape(parameterTypes: parameterTypes, of: unsafe ResultHandle(owning: result))
    }

    @Test("the name is another for another text, other types of parameters, and other columns")
    func differences() throws {
        let shapes = [
            try shape([]), try shape([20]), try shape([20, 25]), try shape([25, 20]), try shape([], [("a", 20)]),
            try shape([], [("b", 20)]), try shape([], [("a", 25)]), try shape([], [("a", 20), ("b", 20)]),
            try shape([], [("ab", 20)]), try shape([20], [("a", 20)]), try shape([], [("", 20)]),
        ]
        var names: Set<String> = []
        for text in ["", "S", "SELECT", "select", "SELECT ", "e\u{301}", "\u{e9}"] {
            for shape in shapes { names.insert(StatementName(of: text, shape).text) }
        }
        #expect(names.count == 7 * shapes.count)
        for name in names {
            #expect(name.hasPrefix("pool_") && name.utf8.count == 53)
            // None needs quotes in SQL.
            #expect(name.utf8.dropFirst(5).allSatisfy { "0123456789abcdef".utf8.contains($0) })
        }
    }

    @Test("the name is the same for what another process knows by the same text, types and columns")
    func sameness() throws {
        let name = StatementName(of: "SELECT a FROM t WHERE b = $1", try shape([20], [("a", 25)])).text
        #expect(name == StatementName(of: "SELECT a FROM t WHERE b = $1", try shape([20], [("a", 25)])).text)
    }
}
