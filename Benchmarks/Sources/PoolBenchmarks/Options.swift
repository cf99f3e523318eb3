/// What the command line asks for.
struct Options {
    var rounds = 5
    /// For how long each contender is measured in each round.
    var seconds = 1.0
    /// Nil for the benchmark's own choice.
    var tasks: [Int]?
    /// Nil for all.
    var only: [String]?
    /// An existing server's; nil to start one.
    var url: String?
    /// Where to write the tables, the chart and all measurements.
    var markdown: String?
    var svg: String?
    var json: String?
    /// The worst ratios that are accepted.
    var limits: String?

    static let usage = """
        usage: PoolBenchmarks [all | pool | sqlite | postgres | mysql] [OPTION…]

        Measures this package and programs in C that do the same, in turns, each in a process of its own, and prints tables with
        ratios. The default is all. Postgres and MariaDB need the servers' programs, or the URL of a server that runs.

            --rounds N        turns of each contender; the default is 5
            --seconds N       how long a turn lasts; the default is 1
            --tasks N,…       how many tasks at once; the default is 1,8,64, and for the pool 1,2,8,64
            --only NAME,…     pool: cycle, yield, waiters; sqlite: lease, point, rows, mixed; postgres and mysql:
                              select1, point, rows, batch; the default is all of them but waiters, which take
                              minutes and 7 GB of memory
            --url URL         postgres, mysql: a server that runs, where the schema or database pool_benchmark is made anew
                              and dropped at the end, with mysql in the form mysql://user:password@host:port or
                              mysql://user:password@localhost?socket=PATH; the default is a server of the benchmark's own
            --markdown FILE   writes the tables there too, with the machine, the versions and the command
            --svg FILE        writes a chart of the ratios
            --json FILE       writes every measurement
            --limits FILE     fails if a ratio is worse than the file allows, by more than a quarter
        """

    init(_ arguments: some Sequence<String>) throws {
        var arguments = arguments.makeIterator()
        while let option = arguments.next() {
            guard let value = arguments.next() else { throw UsageError("\(option) needs a value") }
            switch option {
            case "--rounds": rounds = try Self.number(option, value, Int(value))
            case "--seconds": seconds = try Self.number(option, value, Double(value))
            case "--tasks":
                tasks = try value.split(separator: ",").map { try Self.number(option, String($0), Int($0)) }
            case "--only": only = value.split(separator: ",").map(String.init)
            case "--url": url = value
            case "--markdown": markdown = value
            case "--svg": svg = value
            case "--json": json = value
            case "--limits": limits = value
            default: throw UsageError("there is no option \(option)")
            }
        }
    }

    private static func number<Number: Comparable & Numeric>(
        _ option: String, _ text: String, _ number: Number?
    ) throws -> Number {
        guard let number, number > 0, number < 1_000_000 else {
            throw UsageError("\(option) needs a number from 0 to 1,000,000, not '\(text)'")
        }
        return number
    }

    /// The values that `--only` names, or all.
    func chosen<Value: RawRepresentable<String> & CaseIterable>(_ type: Value.Type) throws -> [Value] {
        guard let only else { return Array(type.allCases) }
        return try only.map { name in
            guard let value = Value(rawValue: name) else {
                let names = type.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--only does not know '\(name)'; there are \(names)")
            }
            return value
        }
    }
}

/// What the user must change on the command line.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
