import Testing

@testable import PoolIO
