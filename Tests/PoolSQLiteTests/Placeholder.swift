import Testing

@testable import PoolSQLite
