// Tuples of more columns than those in `SQLRows+Tuples.swift`.

extension SQLRows {
    /// Each row as a tuple of nine columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable, Ninth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth).Type
    ) throws -> [(First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth)] {
        try tuples(9, type) { reader, place in
            (
                try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2),
                try value(reader, at: place + 3), try value(reader, at: place + 4), try value(reader, at: place + 5),
                try value(reader, at: place + 6), try value(reader, at: place + 7), try value(reader, at: place + 8)
            )
        }
    }

    /// Each row as a tuple of ten columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable, Ninth: SQLDecodable, Tenth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth).Type
    ) throws -> [(First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth)] {
        try tuples(10, type) { reader, place in
            (
                try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2),
                try value(reader, at: place + 3), try value(reader, at: place + 4), try value(reader, at: place + 5),
                try value(reader, at: place + 6), try value(reader, at: place + 7), try value(reader, at: place + 8),
                try value(reader, at: place + 9)
            )
        }
    }

    /// Each row as a tuple of eleven columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable, Ninth: SQLDecodable, Tenth: SQLDecodable,
        Eleventh: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth, Eleventh).Type
    ) throws -> [(First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth, Eleventh)] {
        try tuples(11, type) { reader, place in
            (
                try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2),
                try value(reader, at: place + 3), try value(reader, at: place + 4), try value(reader, at: place + 5),
                try value(reader, at: place + 6), try value(reader, at: place + 7), try value(reader, at: place + 8),
                try value(reader, at: place + 9), try value(reader, at: place + 10)
            )
        }
    }

    /// Each row as a tuple of twelve columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable, Ninth: SQLDecodable, Tenth: SQLDecodable,
        Eleventh: SQLDecodable, Twelfth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth, Eleventh, Twelfth).Type
    ) throws -> [(First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth, Eleventh, Twelfth)] {
        try tuples(12, type) { reader, place in
            (
                try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2),
                try value(reader, at: place + 3), try value(reader, at: place + 4), try value(reader, at: place + 5),
                try value(reader, at: place + 6), try value(reader, at: place + 7), try value(reader, at: place + 8),
                try value(reader, at: place + 9), try value(reader, at: place + 10), try value(reader, at: place + 11)
            )
        }
    }
}
