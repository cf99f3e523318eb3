// A function for each size, as for all rows together in `SQLRows+Tuples.swift`.

extension SQLRow {
    /// The row as a tuple, column by column: `row.decode((Int, String).self)`. For thirteen columns or more see
    /// ``SQLRows``.
    ///
    /// - Throws: ``SQLDecodingError``, also if the number of columns is another than the tuple's.
    @inlinable
    public func decode<First: SQLDecodable, Second: SQLDecodable, each Other: SQLDecodable>(
        _ type: (First, Second, repeat each Other).Type
    ) throws -> (First, Second, repeat each Other) {
        var count = 2
        for _ in repeat (each Other).self { count += 1 }
        try columns.check(count: count, for: type)
        var next = 1
        func nextValue<Value: SQLDecodable>(_ type: Value.Type) throws -> Value {
            next += 1
            return try value(at: next)
        }
        return (try value(at: 0), try value(at: 1), repeat try nextValue((each Other).self))
    }

    /// The row as a tuple of two columns.
    @inlinable
    public func decode<First: SQLDecodable, Second: SQLDecodable>(
        _ type: (First, Second).Type
    ) throws -> (First, Second) {
        try columns.check(count: 2, for: type)
        return (try value(at: 0), try value(at: 1))
    }

    /// The row as a tuple of three columns.
    @inlinable
    public func decode<First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable>(
        _ type: (First, Second, Third).Type
    ) throws -> (First, Second, Third) {
        try columns.check(count: 3, for: type)
        return (try value(at: 0), try value(at: 1), try value(at: 2))
    }

    /// The row as a tuple of four columns.
    @inlinable
    public func decode<First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable>(
        _ type: (First, Second, Third, Fourth).Type
    ) throws -> (First, Second, Third, Fourth) {
        try columns.check(count: 4, for: type)
        return (try value(at: 0), try value(at: 1), try value(at: 2), try value(at: 3))
    }

    /// The row as a tuple of five columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth).Type
    ) throws -> (First, Second, Third, Fourth, Fifth) {
        try columns.check(count: 5, for: type)
        return (try value(at: 0), try value(at: 1), try value(at: 2), try value(at: 3), try value(at: 4))
    }

    /// The row as a tuple of six columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth).Type
    ) throws -> (First, Second, Third, Fourth, Fifth, Sixth) {
        try columns.check(count: 6, for: type)
        return (
            try value(at: 0), try value(at: 1), try value(at: 2), try value(at: 3), try value(at: 4), try value(at: 5)
        )
    }

    /// The row as a tuple of seven columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh).Type
    ) throws -> (First, Second, Third, Fourth, Fifth, Sixth, Seventh) {
        try columns.check(count: 7, for: type)
        return (
            try value(at: 0), try value(at: 1), try value(at: 2), try value(at: 3), try value(at: 4), try value(at: 5),
            try value(at: 6)
        )
    }

    /// The row as a tuple of eight columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth).Type
    ) throws -> (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth) {
        try columns.check(count: 8, for: type)
        return (
            try value(at: 0), try value(at: 1), try value(at: 2), try value(at: 3), try value(at: 4), try value(at: 5),
            try value(at: 6), try value(at: 7)
        )
    }
}
