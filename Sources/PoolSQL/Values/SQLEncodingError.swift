/// A value of an application's type that no database value stands for.
///
/// A type reports it by ``SQLValue/invalid(_:)``, because ``SQLEncodable/sqlValue`` cannot throw:
///
/// ```swift
/// struct Ratio: SQLEncodable {
///     let part: Double
///     let whole: Double
///     var sqlValue: SQLValue {
///         if whole == 0 { return .invalid(SQLEncodingError(Self.self, reason: "the whole is zero")) }
///         return .double(part / whole)
///     }
/// }
/// ```
///
/// Whatever runs a statement with that value throws the error, before anything is sent.
public struct SQLEncodingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name of the Swift type.
    public let type: String
    /// The fault, in words. Never shows the value, which may be a secret.
    public let reason: String
    /// The place of the value among the bind values of its statement, counted from 1. Nil until the statement is run.
    public internal(set) var bindNumber: Int?

    /// Reports a value that cannot be stored.
    ///
    /// - Parameter reason: the fault, in words. Leave the value itself out.
    public init(_ type: Any.Type, reason: String) {
        self.type = String(describing: type)
        self.reason = reason
    }

    public var description: String {
        let place = bindNumber.map { "Bind value \($0) of type \(type)" } ?? "A bind value of type \(type)"
        return "\(place) cannot be stored: \(reason)"
    }
}

extension SQLValue {
    /// The error of a value, or of an element of an array, that is none.
    var invalidity: SQLEncodingError? {
        switch self {
        case .invalid(let error): error
        case .array(let elements): elements.lazy.compactMap(\.invalidity).first
        default: nil
        }
    }
}

extension [SQLValue] {
    /// Throws the error of the first value that is none.
    func checkValid() throws {
        for index in indices {
            switch self[index] {
            case .invalid, .array:
                guard var error = self[index].invalidity else { continue }
                error.bindNumber = index + 1
                throw error
            default: continue
            }
        }
    }

    /// True if there is no value that is none.
    var areValid: Bool {
        for value in self {
            switch value {
            case .invalid, .array: if value.invalidity != nil { return false }
            default: continue
            }
        }
        return true
    }
}
