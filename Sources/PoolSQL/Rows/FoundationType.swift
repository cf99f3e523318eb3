internal import Synchronization

/// The types of Foundation that decode themselves as a JSON decoder expects, which is not how a database stores them.
/// Identified by their names, because this module does without Foundation.
enum FoundationType: String {
    case date = "Date"
    case uuid = "UUID"
    case decimal = "Decimal"
    case data = "Data"
    case url = "URL"

    init?(_ type: Any.Type) {
        let parts = String(reflecting: type).split(separator: ".", maxSplits: 1)
        guard parts.count == 2, parts[0] == "Foundation" || parts[0] == "FoundationEssentials" else { return nil }
        self.init(rawValue: String(parts[1]))
    }

    /// The advice for an application that uses the type without PoolFoundation, which makes it `SQLCodable`.
    var advice: String {
        let other =
            switch self {
            case .date: "SQLZonedTimestamp"
            case .uuid: "SQLUUID"
            case .decimal: "SQLDecimal"
            case .data: "[UInt8]"
            case .url: "String"
            }
        return "import PoolFoundation, or use \(other)"
    }

    /// The latest type that was found to be no date: reading a type's name takes longer than decoding a row.
    private static let latestHarmless = Atomic<UInt>(0)

    /// True for `Date`, which decodes itself from the seconds since 2001, which no database stores: it would be wrong
    /// by 31 years.
    static func isDate(_ type: Any.Type) -> Bool {
        let identifier = UInt(bitPattern: ObjectIdentifier(type))
        if latestHarmless.load(ordering: .relaxed) == identifier { return false }
        if FoundationType(type) == .date { return true }
        latestHarmless.store(identifier, ordering: .relaxed)
        return false
    }
}

extension SQLColumns {
    /// Refuses `Date`. Called for types of its size.
    @usableFromInline
    func refuseDate(_ type: Any.Type) throws {
        if FoundationType.isDate(type) { throw foundationError(type, FoundationType.date.advice) }
    }

    /// An error of decoding a whole row as `type`; if that is a type of Foundation, in terms of that type.
    @usableFromInline
    func explaining(_ error: any Error, as type: Any.Type) -> any Error {
        guard let error = error as? SQLDecodingError, let foundation = FoundationType(type) else { return error }
        switch error.code {
        case .typeMismatch, .unsupportedType, .noSuchColumn:
            var explained = foundationError(type, foundation.advice)
            (explained.row, explained.actualType) = (error.row, error.actualType)
            return explained
        default: return error.naming(type)
        }
    }

    private func foundationError(_ type: Any.Type, _ advice: String) -> SQLDecodingError {
        var error = SQLDecodingError(code: .unsupportedType, reason: advice)
        error.expectedType = String(describing: type)
        if count == 1 { (error.columnName, error.columnIndex) = (names[0], 0) }
        return error
    }
}

extension SQLDecodingError {
    /// The error for a caller that asked for `type`, which decodes itself by way of others.
    func naming(_ type: Any.Type) -> SQLDecodingError {
        var error = self
        error.expectedType = String(describing: type)
        error.namesTypeAskedFor = true
        if code != .unexpectedNull, let advice = FoundationType(type)?.advice { error.reason = advice }
        return error
    }
}
