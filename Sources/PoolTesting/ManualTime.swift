public import PoolCore
