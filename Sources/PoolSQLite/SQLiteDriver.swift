public import PoolCore
internal import CSQLite



public struct SQLiteDriver: Sendable {}
