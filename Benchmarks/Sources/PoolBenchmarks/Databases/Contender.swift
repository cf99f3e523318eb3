import Measuring

enum Database: String, Codable {
    case postgres = "Postgres"
    case mysql = "MariaDB"
    case sqlite = "SQLite"
}

/// Who works on a database, and how.
struct Contender: Codable {
    enum Program: String, Codable {
        /// In C.
        case threads, pipelines, epoll
        /// This package: tasks that prefer the driver's executor, tasks of the default executor, and such whose leases
        /// move to the driver's threads.
        case onExecutor, onDefault, leases
        case grdbSync, grdbAsync
        case hikari, psycopg
    }

    /// How the rows are taken.
    enum Form: String, Codable {
        case tuples, codable, streamed, batch
    }

    let program: Program
    var form = Form.tuples
    /// How many connections the pool opens at a time; nil for its default.
    var connects: Int?

    init(_ program: Program, _ form: Form = .tuples, connects: Int? = nil) {
        self.program = program
        self.form = form
        self.connects = connects
    }

    func name(on database: Database) -> String {
        let form =
            switch form {
            case .tuples: ""
            case .codable: ", Codable"
            case .streamed: ", streamed"
            case .batch: ", batch"
            }
        return programName(on: database) + form + (connects.map { ", \($0) connects at a time" } ?? "")
    }

    private func programName(on database: Database) -> String {
        switch (program, database) {
        case (.threads, _): "C, a thread each"
        case (.pipelines, _): "C, a thread each, pipeline mode"
        case (.epoll, _): "C, epoll"
        case (.onExecutor, .postgres): "pool, tasks on the loop"
        case (.leases, .postgres): "pool, leases on the loop"
        case (.onExecutor, _): "pool, tasks on the driver's threads"
        case (.leases, .sqlite): "pool, connection's thread"
        case (.leases, .mysql): "pool, leases on the driver's threads"
        case (.onDefault, .sqlite): "pool, caller's thread"
        case (.onDefault, _): "pool, default executor"
        case (.grdbSync, _): "GRDB, sync"
        case (.grdbAsync, _): "GRDB, async"
        case (.hikari, _): Peer.hikari.rawValue
        case (.psycopg, _): Peer.psycopg.rawValue
        }
    }

    /// Whether it is this package, or a program in C.
    var isOwn: Bool { ![.grdbSync, .grdbAsync, .hikari, .psycopg].contains(program) }

    /// Those that differ from each other for `work`; the first is in C. The peers of other languages take long to warm
    /// up, and so come with 8 tasks only.
    static func all(for work: Work, on database: Database, tasks: Int) -> [Contender] {
        let hasPeers = tasks == 8 && [.selectOne, .point, .rows].contains(work)
        return switch database {
        case .postgres: onPostgres(work) + (hasPeers ? [Contender(.hikari), Contender(.psycopg)] : [])
        case .mysql: onMySQL(work)
        case .sqlite: onSQLite(work)
        }
    }

    private static func onPostgres(_ work: Work) -> [Contender] {
        switch work {
        case .selectOne, .point, .mixed:
            [Contender(.threads), Contender(.epoll), Contender(.onExecutor), Contender(.onDefault), Contender(.leases)]
        case .rows:
            [
                Contender(.threads), Contender(.epoll), Contender(.onExecutor), Contender(.onExecutor, .codable),
                Contender(.onExecutor, .streamed), Contender(.onDefault), Contender(.onDefault, .codable),
                Contender(.onDefault, .streamed), Contender(.leases),
            ]
        case .batch:
            [
                Contender(.threads), Contender(.pipelines), Contender(.onExecutor), Contender(.onExecutor, .batch),
                Contender(.onDefault), Contender(.onDefault, .batch),
            ]
        case .storm: [Contender(.threads), Contender(.onDefault), Contender(.onDefault, connects: 8)]
        case .memory: [Contender(.threads), Contender(.onDefault)]
        }
    }

    private static func onMySQL(_ work: Work) -> [Contender] {
        switch work {
        case .selectOne, .point, .mixed, .batch:
            [Contender(.threads), Contender(.onExecutor), Contender(.leases), Contender(.onDefault)]
        case .rows:
            [
                Contender(.threads), Contender(.onExecutor), Contender(.onExecutor, .codable),
                Contender(.onExecutor, .streamed), Contender(.leases), Contender(.leases, .codable),
                Contender(.leases, .streamed), Contender(.onDefault),
            ]
        case .storm: [Contender(.threads), Contender(.leases), Contender(.leases, connects: 8)]
        case .memory: [Contender(.threads), Contender(.leases)]
        }
    }

    private static func onSQLite(_ work: Work) -> [Contender] {
        let own = [Contender(.threads), Contender(.leases), Contender(.onDefault)]
        return switch work {
        case .selectOne, .batch: own
        case .point, .mixed: own + [Contender(.grdbSync), Contender(.grdbAsync)]
        case .rows:
            [
                Contender(.threads), Contender(.leases), Contender(.leases, .codable), Contender(.leases, .streamed),
                Contender(.onDefault), Contender(.onDefault, .codable), Contender(.onDefault, .streamed),
                Contender(.grdbSync), Contender(.grdbAsync),
            ]
        case .storm, .memory: []
        }
    }
}
