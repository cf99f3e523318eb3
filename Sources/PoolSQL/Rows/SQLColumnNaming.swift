/// The rule by which the columns of a result are named after the properties of a `Decodable` type.
@nonexhaustive
public enum SQLColumnNaming: Sendable, Hashable {
    /// A column has the name of its property.
    case exact
    /// The property `firstName` is the column `first_name`, and `lineID2` is `line_id2`.
    case snakeCase

    func columnName(for property: String) -> String {
        switch self {
        case .exact: property
        case .snakeCase: Self.snakeCase(property)
        }
    }

    /// Puts an underscore before each capital that begins a word: one that follows a small letter or a digit, or that
    /// comes before a small letter and after another capital.
    private static func snakeCase(_ property: String) -> String {
        let characters = Array(property)
        var result = ""
        for (index, character) in characters.enumerated() {
            if character.isUppercase, index > 0, characters[index - 1] != "_" {
                let followsCapital = characters[index - 1].isUppercase
                let precedesSmall = index + 1 < characters.count && characters[index + 1].isLowercase
                if !followsCapital || precedesSmall { result += "_" }
            }
            result += character.lowercased()
        }
        return result
    }
}
