// Tuples of more columns than those in `SQLRow+Tuples.swift`.

extension SQLRow {
    /// The row as a tuple of nine columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable, Ninth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth).Type
    ) throws -> (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth) {
        try columns.check(count: 9, for: type)
        return (
            try value(at: 0), try value(at: 1), try value(at: 2), try value(at: 3), try value(at: 4), try value(at: 5),
            try value(at: 6), try value(at: 7), try value(at: 8)
        )
    }

    /// The row as a tuple of ten columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable, Ninth: SQLDecodable, Tenth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth).Type
    ) throws -> (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth) {
        try columns.check(count: 10, for: type)
        return (
            try value(at: 0), try value(at: 1), try value(at: 2), try value(at: 3), try value(at: 4), try value(at: 5),
            try value(at: 6), try value(at: 7), try value(at: 8), try value(at: 9)
        )
    }

    /// The row as a tuple of eleven columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable, Ninth: SQLDecodable, Tenth: SQLDecodable,
        Eleventh: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth, Eleventh).Type
    ) throws -> (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth, Eleventh) {
        try columns.check(count: 11, for: type)
        return (
            try value(at: 0), try value(at: 1), try value(at: 2), try value(at: 3), try value(at: 4), try value(at: 5),
            try value(at: 6), try value(at: 7), try value(at: 8), try value(at: 9), try value(at: 10)
        )
    }

    /// The row as a tuple of twelve columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable, Ninth: SQLDecodable, Tenth: SQLDecodable,
        Eleventh: SQLDecodable, Twelfth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth, Eleventh, Twelfth).Type
    ) throws -> (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth, Eleventh, Twelfth) {
        try columns.check(count: 12, for: type)
        return (
            try value(at: 0), try value(at: 1), try value(at: 2), try value(at: 3), try value(at: 4), try value(at: 5),
            try value(at: 6), try value(at: 7), try value(at: 8), try value(at: 9), try value(at: 10), try value(at: 11)
        )
    }
}
