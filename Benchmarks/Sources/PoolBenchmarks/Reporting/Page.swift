import Measuring

extension Report {
    static var howToRead: String {
        """
        All contenders of a table ran in turns, each in a process of its own. The times are medians of all rounds. A ratio is that to
        the first contender in the same round, and the p99 ratio that to the better of the programs in C: the median of all rounds,
        with the least and the greatest. More throughput is better; less CPU time and a smaller p99 are. The CPU time is user plus
        system time of the contender's process, without the server's.
        """
    }

    /// The page of the documentation.
    var page: String {
        """
        # Benchmarks

        This package beside programs in C that use the same libraries directly, and beside other pools. The command that measures
        writes this page: the wins and the losses.

        ## Run it

        | command | does |
        |---|---|
        | `Scripts/benchmark` | measures everything but the waiters, and prints the tables |
        | `Scripts/benchmark postgres --only rows --tasks 8 --rounds 15` | one comparison; more rounds on a busy machine |
        | `Scripts/benchmark all --seconds 0.7 --document Documentation` | writes this page and its chart |
        | `Scripts/benchmark check` | measures what [limits.json](../Benchmarks/limits.json) has limits for, in about three minutes and on a \
        machine without other work, and fails where one is exceeded by more than a quarter, or a twentieth where allocations are \
        counted; to be run before a release. `Scripts/test` checks allocations and memory alone |
        | `Scripts/benchmark --help` | all options |

        Postgres and MariaDB need the servers' programs, which `Scripts/test` installs; each run starts servers of its own, in temporary
        folders, and ends them. As root, `nice -n -5` keeps other work out.

        ## What is compared

        - **Pool**: acquire and release of connections that do nothing. In C: a stack under a mutex with a condition variable, and a
          stack of atomic indexes that has neither order nor waiters. *Held across a yield*: each of 64 tasks lets the others run while
          it holds one of 8 connections; the first contender yields and has no pool. *Waiters*: so many tasks wait for the one
          connection; measured from the moment in which all wait until all have been served, cancelled or timed out. *Memory*: what was
          resident, less what the same tasks, or the driver's objects, take without a pool.
        - **SQLite, Postgres, MariaDB**: prepared statements through a pool of 8 connections, a lease for each statement. *Point
          select*: one of 100,000 rows by its key. *1,000 rows*: an integer, a bigger one, a text and a floating-point number to values
          of the language, as tuples if nothing else is said, as `Codable` structs, or streamed. *100 in a lease*: the time of one of
          100 point selects that share a lease; a batch sends them together, as libpq's pipeline mode does. *Cold pool*: 64 tasks come
          while no connection is open; until all have been served. *Memory*: 64 connections that have run a statement each.
        - In C: a thread for each task and a stack of connections; for Postgres also one thread with epoll. The programs decode the
          same columns to the same types, and copy the texts.
        - This package: tasks of Swift's default executor; tasks that prefer the driver's executor (`driver.taskExecutor`); and tasks
          whose leases run on the driver's threads. SQLite runs each lease on its connection's thread, and a single statement alone; or
          all on the caller's.
        - GRDB's `DatabasePool` with cached statements, read by the columns' numbers, with the reads that block and those that suspend.
        - HikariCP with pgjdbc, a thread for each task, and psycopg's pool of asyncio, where they are installed: with 8 tasks, and HikariCP
          with connections that do nothing too.
        - **Allocations**: counted in a process whose `malloc` is replaced, with one task. They are exact, and so the sharpest limits.

        ## How to read it

        \(Self.howToRead)

        \(setting)

        ![The ratios to C](Benchmarks.svg)

        The chart leaves out other numbers of tasks where there is one with 8.

        ## At a glance

        The best of this package in each comparison, by throughput.

        \(glance.markdown)

        ## Where it is behind, and why

        - **Acquire and release, 1 task**: half of the time is that of Swift's runtime, which is asked for the task and for its
          cancellation. The programs in C have neither tasks nor deadlines.
        - **Held across a yield**: a task suspends twice, for the yield and for the connection, which goes to whoever has waited longest.
          The bare loop suspends once, and who waits for C's mutex may be overtaken.
        - **One statement on Postgres or MariaDB, 8 tasks**: to send it takes the system as long as it takes C, and that is the larger
          part. The rest is suspending and resuming the task, and values that own their memory.
        - **Default executor**: an answer wakes a thread of the event loop, and that one a thread of the executor. Tasks that prefer
          `driver.taskExecutor` spare the second.
        - **`Codable`**: each property goes through the standard library's boxed containers.
        - **SQLite, 8 tasks**: C's eight threads interrupt one another in the middle of a read on two processors. While one of them holds
          SQLite's shared lock, the others need no call of the system for it. Tasks read one after the other on each processor, and have
          no such help: it is the figures for 1 task that compare the programs.
        - **Memory of a waiter**: a task whose calls need more than half a kilobyte for their state takes one more from the heap, and the
          bare task that is compared calls nothing. Of the rest the pool's own are less than 256 bytes.

        \(sections)
        """
    }

    private var glance: Table {
        var table = Table(["comparison", "throughput ratio", "CPU ratio", "p99 ratio"])
        for comparison in comparisons where comparison.isTimed {
            let own = comparison.contenders.indices.filter { comparison.contenders[$0].hasPrefix("pool,") }
            let best = own.max {
                comparison.ratio($0, \.throughput).median < comparison.ratio($1, \.throughput).median
            }
            guard let best = best ?? comparison.contenders.firstIndex(of: "pool") else { continue }
            table.add([
                comparison.title, Form.number(comparison.ratio(best, \.throughput).median),
                Form.number(comparison.ratio(best, \.processorTimeEach).median),
                comparison.tailRatio(best).map { Form.number($0.median) } ?? "",
            ])
        }
        return table
    }

    /// The tables under the name that their titles begin with.
    private var sections: String {
        var (text, latest) = ("", "")
        for comparison in comparisons {
            let name = String(comparison.title.prefix { $0 != ":" })
            if name != latest { text += "## \(name)\n\n" }
            latest = name
            text += comparison.markdown + "\n"
        }
        return text
    }
}
