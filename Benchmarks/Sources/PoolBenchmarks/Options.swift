import Measuring

/// What the command line asks for.
struct Options {
    var rounds = 5
    /// For how long each contender is measured in each round.
    var seconds = 1.0
    /// Nil for the benchmark's own choice.
    var tasks: [Int]?
    /// Nil for all that take no minutes.
    var only: [String]?
    /// An existing server's; nil to start one.
    var url: String?
    /// Where to write the tables, the chart and all measurements.
    var markdown: String?
    var svg: String?
    var json: String?
    /// Measurements of an earlier run, in the place of new ones.
    var from: String?
    /// The folder of the page and its chart.
    var document: String?
    /// Of `check`: the worst figures that are accepted, and where to write those that were measured.
    var limits: String?
    var record: String?
    /// Of `check`: only what is counted, and the same on a busy machine.
    var isExact = false
    /// Whether what takes minutes is measured too, where nobody names anything.
    private var isComplete: Bool

    /// The names of what there is to measure, and whether it is measured where none is named.
    private static let parts = [
        "cycle": true, "yield": true, "waiters": false, "memory": true, "allocations": true, "select1": true,
        "point": true, "rows": true, "batch": true, "mixed": true, "storm": true,
    ]

    static let usage = """
        usage: PoolBenchmarks [all | pool | sqlite | postgres | mysql | check] [OPTION…]

        Measures this package and programs in C that do the same, in turns, each in a process of its own, and prints tables with
        ratios. The default is all. Postgres and MariaDB need the servers' programs, or the URL of a server that runs.

        'check' measures, shortly, what there are limits for, and fails where one is exceeded by more than a quarter, or by a
        twentieth where allocations are counted. What fails is measured again, in more and longer rounds, before it counts.
        What is timed needs a machine without other work.

            --rounds N        turns of each contender; the default is 5, and for check 3
            --seconds N       how long a turn lasts; the default is 1, and for check 0.3
            --tasks N,…       how many tasks at once; the default is 1,8,64, and for the pool 1,2,8,64
            --only NAME,…     pool: cycle, yield, memory, allocations, waiters; postgres and mysql: select1, point, rows, batch,
                              storm, memory, allocations; sqlite: select1, point, rows, batch, mixed, allocations; the default is all
                              of them but waiters, which take minutes and 7 GB of memory
            --url URL         postgres, mysql: a server that runs, where the schema or database pool_benchmark is made anew
                              and dropped at the end, with mysql in the form mysql://user:password@host:port or
                              mysql://user:password@localhost?socket=PATH; the default is a server of the benchmark's own
            --markdown FILE   writes the tables there too, with the machine, the versions and the command
            --svg FILE        writes a chart of the ratios
            --json FILE       writes every measurement
            --document FOLDER writes the page Benchmarks.md and its chart Benchmarks.svg there; the waiters are measured for it too
            --from FILE       takes the measurements from such a file, and measures nothing
            --limits FILE     check: the limits; the default is Benchmarks/limits.json
            --record FILE     check: writes the limits there with the figures of this run in their place
            --measures exact  check: allocations and memory alone, which other work on the machine does not change
        """

    init(_ arguments: some Sequence<String>, isCheck: Bool) throws {
        isComplete = isCheck
        if isCheck { (rounds, seconds) = (3, 0.3) }
        var arguments = arguments.makeIterator()
        while let option = arguments.next() {
            guard let value = arguments.next() else { throw UsageError("\(option) needs a value") }
            switch option {
            case "--rounds": rounds = try Self.number(option, value, Int(value))
            case "--seconds": seconds = try Self.number(option, value, Double(value))
            case "--tasks" where !isCheck:
                tasks = try value.split(separator: ",").map { try Self.number(option, String($0), Int($0)) }
            case "--only" where !isCheck: only = try Self.names(value)
            case "--url": url = value
            case "--markdown": markdown = value
            case "--svg": svg = value
            case "--json": json = value
            case "--document" where !isCheck: (document, isComplete) = (value, true)
            case "--from" where !isCheck: from = value
            case "--limits" where isCheck: limits = value
            case "--record" where isCheck: record = value
            case "--measures" where isCheck && value == "exact": isExact = true
            default: throw UsageError("there is no option \(option) here, or not with the value '\(value)'")
            }
        }
        if isExact, record != nil { throw UsageError("--record writes all limits, and so needs all measures") }
    }

    private static func number<Number: Comparable & Numeric>(
        _ option: String, _ text: String, _ number: Number?
    ) throws -> Number {
        guard let number, number > 0, number < 1_000_000 else {
            throw UsageError("\(option) needs a number from 0 to 1,000,000, not '\(text)'")
        }
        return number
    }

    private static func names(_ text: String) throws -> [String] {
        let names = text.split(separator: ",").map(String.init)
        guard let unknown = names.first(where: { parts[$0] == nil }) else { return names }
        throw UsageError("--only does not know '\(unknown)'; there are \(parts.keys.sorted().joined(separator: ", "))")
    }

    /// Whether a part is to be measured.
    func includes(_ part: String) -> Bool {
        only?.contains(part) ?? (isComplete || Self.parts[part] == true)
    }
}

/// What the user must change on the command line.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
