// An import of PoolSQL, or of a driver that exports it, is an import of PoolCore too.
@_exported public import PoolCore
