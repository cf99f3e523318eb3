// A tuple of up to twelve columns has a function for its size, which the compiler specializes for the types of the
// tuple. It cannot do that for a parameter pack: each value would cost several times as much.

extension SQLRows {
    /// Each row as a tuple, column by column: `rows.decode((Int, String).self)`.
    ///
    /// For a tuple of thirteen columns or more, the compiler (6.3) finds the elements after the first two only once the
    /// tuple has a name: `for row in try rows.decode(…) { let row = row; use(row.12) }`, or a pattern that takes all
    /// of it. A `Decodable` structure is easier to read there.
    ///
    /// - Throws: ``SQLDecodingError``, also if the number of columns is another than the tuple's.
    @inlinable
    public func decode<First: SQLDecodable, Second: SQLDecodable, each Other: SQLDecodable>(
        _ type: (First, Second, repeat each Other).Type
    ) throws -> [(First, Second, repeat each Other)] {
        var width = 2
        for _ in repeat (each Other).self { width += 1 }
        return try tuples(width, type) { reader, place in
            var next = place + 1
            func nextValue<Value: SQLDecodable>(_ type: Value.Type) throws -> Value {
                next += 1
                return try value(reader, at: next)
            }
            return (
                try value(reader, at: place), try value(reader, at: place + 1), repeat try nextValue((each Other).self)
            )
        }
    }

    /// Each row as a tuple of two columns.
    @inlinable
    public func decode<First: SQLDecodable, Second: SQLDecodable>(
        _ type: (First, Second).Type
    ) throws -> [(First, Second)] {
        try tuples(2, type) { reader, place in
            (try value(reader, at: place), try value(reader, at: place + 1))
        }
    }

    /// Each row as a tuple of three columns.
    @inlinable
    public func decode<First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable>(
        _ type: (First, Second, Third).Type
    ) throws -> [(First, Second, Third)] {
        try tuples(3, type) { reader, place in
            (try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2))
        }
    }

    /// Each row as a tuple of four columns.
    @inlinable
    public func decode<First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable>(
        _ type: (First, Second, Third, Fourth).Type
    ) throws -> [(First, Second, Third, Fourth)] {
        try tuples(4, type) { reader, place in
            (
                try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2),
                try value(reader, at: place + 3)
            )
        }
    }

    /// Each row as a tuple of five columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth).Type
    ) throws -> [(First, Second, Third, Fourth, Fifth)] {
        try tuples(5, type) { reader, place in
            (
                try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2),
                try value(reader, at: place + 3), try value(reader, at: place + 4)
            )
        }
    }

    /// Each row as a tuple of six columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth).Type
    ) throws -> [(First, Second, Third, Fourth, Fifth, Sixth)] {
        try tuples(6, type) { reader, place in
            (
                try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2),
                try value(reader, at: place + 3), try value(reader, at: place + 4), try value(reader, at: place + 5)
            )
        }
    }

    /// Each row as a tuple of seven columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh).Type
    ) throws -> [(First, Second, Third, Fourth, Fifth, Sixth, Seventh)] {
        try tuples(7, type) { reader, place in
            (
                try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2),
                try value(reader, at: place + 3), try value(reader, at: place + 4), try value(reader, at: place + 5),
                try value(reader, at: place + 6)
            )
        }
    }

    /// Each row as a tuple of eight columns.
    @inlinable
    public func decode<
        First: SQLDecodable, Second: SQLDecodable, Third: SQLDecodable, Fourth: SQLDecodable, Fifth: SQLDecodable,
        Sixth: SQLDecodable, Seventh: SQLDecodable, Eighth: SQLDecodable
    >(
        _ type: (First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth).Type
    ) throws -> [(First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth)] {
        try tuples(8, type) { reader, place in
            (
                try value(reader, at: place), try value(reader, at: place + 1), try value(reader, at: place + 2),
                try value(reader, at: place + 3), try value(reader, at: place + 4), try value(reader, at: place + 5),
                try value(reader, at: place + 6), try value(reader, at: place + 7)
            )
        }
    }

    /// Decodes `width` columns of each row, by place: a ``SQLRow`` for each would retain all values each time.
    @inlinable
    @inline(__always)
    func tuples<Tuple>(
        _ width: Int, _ type: Tuple.Type, _ tuple: (_ reader: ValueReader, _ place: Int) throws -> Tuple
    ) throws -> [Tuple] {
        try columns.check(count: width, for: type)
        return unsafe try [Tuple](unsafeUninitializedCapacity: count) { tuples, initializedCount in
            try values.withReader { reader in
                for position in 0..<count {
                    unsafe tuples.initializeElement(at: position, to: try tuple(reader, position * width))
                    initializedCount = position + 1
                }
            }
        }
    }
}
