// An application imports its driver, and nothing else.
@_exported public import PoolSQL
